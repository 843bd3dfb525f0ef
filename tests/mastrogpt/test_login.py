"""Who gets a token, and what a token is worth."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest


@pytest.fixture
def login(load_action: Any) -> Any:
    main = load_action("mastrogpt/login").main
    return lambda **args: main(args)["body"]


@pytest.fixture
def session(load_action: Any) -> Any:
    load_action("mastrogpt/login")
    return sys.modules["mastro.session"]


@pytest.fixture
def issue(load_action: Any) -> Any:
    load_action("mastrogpt/login")
    return sys.modules["login"].issue


def test_the_development_user_gets_a_token_for_who_they_are(login: Any, session: Any):
    answer = login(username="pinocchio", password="geppetto", LOGIN_SECRET="s")
    assert answer["authenticated"]
    assert session.user_of(answer["token"], b"s") == "pinocchio"


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"username": "pinocchio"},
        {"username": "pinocchio", "password": "wrong"},
        {"username": "pinocchio", "password": "geppetto" + "x" * 72},
        {"username": "lucignolo", "password": "geppetto"},
        {"username": "", "password": ""},
        {"username": ["pinocchio"], "password": {"geppetto": 1}},
        {"username": "pinocchio", "password": "\ud800"},
    ],
)
def test_anybody_else_is_refused_with_the_same_words(login: Any, args: dict[str, Any]):
    assert login(**args) == {
        "authenticated": False,
        "message": "The name or the password is wrong: try again.",
    }


def test_the_page_gets_the_key_that_it_wants_and_it_opens_nothing(login: Any):
    answer = login(username="pinocchio", password="geppetto", S3_SECRET_KEY="canary-key")
    assert answer["s3_key"] == "there-is-no-storage"
    assert "canary" not in json.dumps(answer)


def test_no_password_is_printed_or_returned(login: Any, capsys: pytest.CaptureFixture[str]):
    for password in ("geppetto", "gepetto-mistyped"):
        answer = login(username="pinocchio", password=password)
        printed = capsys.readouterr()
        assert "gep" not in json.dumps(answer) + printed.out + printed.err


def test_an_unknown_name_takes_as_long_to_refuse_as_a_wrong_password(login: Any):
    def took_s(**args: str) -> float:
        began_s = time.process_time()
        login(**args)
        return time.process_time() - began_s

    known = min(took_s(username="pinocchio", password="wrong") for _ in range(3))
    unknown = min(took_s(username="lucignolo", password="wrong") for _ in range(3))
    # An answer without a hash takes a thousandth of the time of one with it.
    assert 0.2 < unknown / known < 5


@pytest.mark.parametrize("change", ["user", "expiry", "signature", "secret", "nothing"])
def test_a_token_is_worth_nothing_once_it_is_changed(session: Any, issue: Any, change: str):
    name, expiry, signature = issue("ada", b"secret").split(".")
    changed = {
        "user": f"{session.encoded(b'eve')}.{expiry}.{signature}",
        "expiry": f"{name}.{int(expiry) + 1}.{signature}",
        "signature": f"{name}.{expiry}.{signature[:-2]}",
        "secret": f"{name}.{expiry}.{signature}",
        "nothing": f"{name}.{expiry}.{signature}",
    }[change]
    secret = b"another" if change == "secret" else b"secret"
    assert session.user_of(changed, secret) == ("ada" if change == "nothing" else None)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "è", "a" * 10_000])
def test_what_is_no_token_names_nobody(session: Any, token: str):
    assert session.user_of(token, b"secret") is None


def test_a_token_expires(session: Any):
    claim = f"{session.encoded(b'ada')}.1"
    assert session.user_of(f"{claim}.{session.signature(claim, b's')}", b"s") is None
