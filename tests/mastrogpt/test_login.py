"""Who gets a token, and what a token is worth."""

from __future__ import annotations

import itertools
import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from waiting import eventually

WRONG = "The name or the password is wrong: try again."


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
    addresses = itertools.count()

    def took_s(**args: str) -> float:
        # From another address each time, so that none has to wait.
        headers = {"x-forwarded-for": f"address {next(addresses)}"}
        began_s = time.process_time()
        login(**args, __ow_headers=headers)
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


class TestAttempts:
    """Where wrong passwords are counted: in this process, in Redis, in this process because Redis is down."""

    @pytest.fixture(params=["process", "redis", "redis is down"])
    def settings(self, request: pytest.FixtureRequest) -> dict[str, str]:
        if request.param == "process":
            return {}
        if request.param == "redis is down":
            return {"REDIS_URL": "redis://127.0.0.1:1"}
        redis = request.getfixturevalue("redis_server")
        return {**redis.args, "REDIS_PREFIX": f"{secrets.token_hex(8)}:"}

    @pytest.fixture
    def attempt(self, login: Any, settings: dict[str, str]) -> Callable[..., str]:
        """Try a password, and return the message; "" for a right one."""

        def send(password: str, user: str = "pinocchio", address: str = "10.0.0.1") -> str:
            headers = {"x-forwarded-for": address}
            found = login(username=user, password=password, __ow_headers=headers, **settings)
            assert found["authenticated"] == ("message" not in found)
            return found.get("message", "")

        return send

    def test_after_five_wrong_ones_the_next_waits_and_longer_each_time(self, attempt: Any):
        for _ in range(5):
            assert attempt("wrong") == WRONG
        waits = "There were too many wrong passwords: wait {} s and try again."
        assert eventually(lambda: attempt("wrong") == waits.format(2)), "the second wait is not longer"

    def test_the_right_password_works_at_once_after_the_wait(self, attempt: Any):
        for _ in range(5):
            attempt("wrong")
        assert eventually(lambda: attempt("geppetto") == ""), "the wait does not end"

    def test_who_made_no_mistake_comes_in_however_many_guess(self, attempt: Any):
        for each in range(6):
            attempt("wrong", address=f"10.0.1.{each}")
        assert attempt("geppetto", address="10.0.2.1") == ""

    def test_a_user_who_is_guessed_from_many_places_makes_them_wait(self, attempt: Any):
        for each in range(7):
            attempt("wrong", address=f"10.0.1.{each}")
        assert attempt("wrong", address="10.0.1.1").startswith("There were too many")

    def test_another_user_of_the_same_address_waits_too(self, attempt: Any):
        assert eventually(lambda: attempt("wrong", user="lucignolo").endswith("wait 4 s and try again."))
        assert attempt("geppetto").startswith("There were too many")

    @pytest.mark.parametrize(
        "headers", [None, {}, "text", {"x-forwarded-for": 5}, {"x-forwarded-for": "\ud83d"}]
    )
    def test_whatever_stands_in_the_headers_an_attempt_is_answered(self, login: Any, headers: Any):
        assert login(username="pinocchio", password="geppetto", __ow_headers=headers)["authenticated"]

    def test_what_a_caller_writes_before_the_proxys_word_is_nobodys_address(self, attempt: Any):
        made_up = (f"192.0.2.{each}, 10.0.0.9" for each in itertools.count())
        assert eventually(lambda: attempt("wrong", address=next(made_up)).endswith("4 s and try again."))
