"""What is a secret, and that it is masked wherever it turns up."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localops.access.masking import MASK, Masking, is_secret_name

CANARY = 'canary-1"7\\ü/ 5'


@pytest.mark.parametrize(
    "name",
    [
        *("LOGIN_SECRET", "AUTH", "__OW_API_KEY", "token", "password", "OPENAI_API_KEY", "apiKey"),
        *("API_KEY", "AZURE_OPENAI_API_KEY"),
        *("authorization", "Cookie", "set-cookie", "s3_key", "S3_SECRET_KEY", "LOCALOPS_PASSWORD"),
        *("accessToken", "dbPwd", "credentials", "x-auth", "privateKey"),
    ],
)
def test_these_names_are_of_secrets(name: str):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["input", "author", "key", "tokens", "max_tokens", "OLLAMA_HOST", "monkey", "keyboard", "state", ""],
)
def test_these_names_are_not(name: str):
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"before {CANARY} after",
        json.dumps({"x": CANARY}),
        json.dumps({"x": CANARY}, ensure_ascii=False),
        repr({"x": CANARY}),
        "https://host/?x=" + quote(CANARY, safe=""),
        "Basic " + base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
        f"{CANARY}{CANARY}",
    ],
)
def test_a_known_secret_is_masked_in_every_form(text: str):
    masked = Masking([CANARY]).text(text)
    assert MASK in masked
    for form in ("canary", base64.b64encode(CANARY.encode()).decode()[:12], "Y2FuYXJ5"):
        assert form not in masked


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"password": "abc"}, {"password": MASK}),
        ({"password": 12345}, {"password": MASK}),
        ({"password": ""}, {"password": ""}),
        ({"password": None}, {"password": None}),
        ({"token": ["a", {"b": "c"}]}, {"token": [MASK, {"b": MASK}]}),
        ({"a": [{"authorization": "Basic x"}]}, {"a": [{"authorization": MASK}]}),
        ({"url": "redis://user:pw@host:1/0"}, {"url": f"redis://user:{MASK}@host:1/0"}),
        ({"url": "redis://:pw@host"}, {"url": f"redis://:{MASK}@host"}),
        ({"url": "http://host:80/a@b"}, {"url": "http://host:80/a@b"}),
        ({"input": "hello", "count": 3}, {"input": "hello", "count": 3}),
        ({"PWD": "/home/me"}, {"PWD": "/home/me"}),
        ({"PWD": "hunter22"}, {"PWD": MASK}),
        ({"pwd": "/hunter22"}, {"pwd": MASK}),
        ({"SSH_AUTH_SOCK": "/run/agent"}, {"SSH_AUTH_SOCK": "/run/agent"}),
        ({"TOKEN_FILE": "hunter22"}, {"TOKEN_FILE": MASK}),
        ({"token": "/hunter22"}, {"token": MASK}),
        (["x", True, None, 1.5], ["x", True, None, 1.5]),
    ],
)
def test_a_value_is_masked_by_the_names_in_it(value: Any, expected: Any):
    assert Masking([]).value(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=abc&x=1", f"password={MASK}&x=1"),
        ("token: abc, next", f"token: {MASK}, next"),
        ("Authorization: Bearer abc.def", f"Authorization: {MASK}"),
        ('{"token": "a b c", "x": "y"}', f'{{"token": "{MASK}", "x": "y"}}'),
        ("{'apiKey': 'it is'}", f"{{'apiKey': '{MASK}'}}"),
        ('"{\\"token\\": \\"a b\\"}"', f'"{{\\"token\\": \\"{MASK}\\"}}"'),
        ("input=abc", "input=abc"),
        ("the password is wrong", "the password is wrong"),
        ('{"token": ""}', '{"token": ""}'),
        ("PWD=/home/me HOME=/home PATH=/bin:/usr/bin", "PWD=/home/me HOME=/home PATH=/bin:/usr/bin"),
        ("UID=me;PWD=hunter22", f"UID=me;PWD={MASK}"),
        ("http://host:80/?a=b", "http://host:80/?a=b"),
    ],
)
def test_a_value_that_a_text_names_is_masked(text: str, expected: str):
    assert Masking([]).text(text) == expected


def test_what_stands_under_a_secret_name_is_masked_everywhere_else():
    masking = Masking([]).knowing(
        {"__ow_headers": {"authorization": "Basic dGhlIGtleQ"}, "password": "hunter22"}
    )
    assert masking.text("they sent hunter22 and dGhlIGtleQ") == f"they sent {MASK} and {MASK}"
    assert masking.value({"hunter22": "hunter22!"}) == {MASK: f"{MASK}!"}


def test_where_a_shell_stands_is_no_secret_anywhere():
    masking = Masking([]).knowing({"PWD": "/home/me/project", "OLDPWD": "/home/me", "HOME": "/home/me"})
    assert masking.text("cannot open /home/me/project/x") == "cannot open /home/me/project/x"


def test_no_value_is_too_deep_to_be_masked():
    deep: Any = {"token": "hunter22"}
    for _ in range(5000):
        deep = [deep]
    assert "hunter22" not in json.dumps(Masking([]).value(deep))
    assert Masking([]).knowing(deep).text("hunter22") == MASK


def test_each_part_of_a_pair_is_a_secret():
    masking = Masking([]).knowing({"AUTH": "01234567-89ab:abcdefgh"})
    assert masking.text("user 01234567-89ab, key abcdefgh") == f"user {MASK}, key {MASK}"


def test_a_short_secret_is_masked_only_where_it_is_the_whole_value():
    masking = Masking(["me"])
    assert (masking.text("me"), masking.text("some text")) == (MASK, "some text")


@settings(deadline=None)
@given(st.text(min_size=6).filter(lambda text: len(text.strip()) > 5), st.text(), st.text())
def test_no_text_keeps_a_secret(secret: str, before: str, after: str):
    masked = Masking([secret]).text(before + secret + after)
    assert secret not in masked.replace(MASK, "\0") or secret in MASK


def test_a_text_of_any_length_is_masked_in_time_that_grows_as_it_does():
    def processor_time_s(size: int) -> float:
        text = "x" * size * 5 + " " + "a:" * size
        begun = time.process_time()
        assert Masking(["secret-value"]).text(text) == text
        return time.process_time() - begun

    # Eight times as long: eight times the work, where a careless pattern would need 64 times.
    assert processor_time_s(200_000) < 30 * processor_time_s(25_000)


def test_the_name_of_the_user_is_no_secret_though_s3_calls_it_a_key():
    value = {"S3_ACCESS_KEY": "devel", "s3_key": "hunter22", "username": "devel", "said": "hunter22"}
    shown = Masking([]).knowing(value).value(value)
    assert shown == {"S3_ACCESS_KEY": MASK, "s3_key": MASK, "username": "devel", "said": MASK}
