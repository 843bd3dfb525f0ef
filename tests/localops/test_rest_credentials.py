"""The user and the secrets of a project."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from localops.access.credentials import read_or_make
from localops.errors import StartError


def test_credentials_are_made_once_and_only_their_owner_reads_them(tmp_path: Path):
    first, made = read_or_make(tmp_path)
    again, made_again = read_or_make(tmp_path)
    assert (made, made_again) == (True, False)
    assert again == first
    file = tmp_path / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["credentials.json"]


def test_no_credential_can_be_taken_for_something_else(tmp_path: Path):
    credentials, _ = read_or_make(tmp_path)
    key = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[A-Za-z][A-Za-z0-9]{63}"
    assert re.fullmatch(key, credentials.auth)
    for text in (credentials.password, credentials.s3_secret_key):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{15,}", text)


def test_a_password_that_a_person_wrote_into_the_file_is_kept(tmp_path: Path):
    first, _ = read_or_make(tmp_path)
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "password": "mine"}))
    again, _ = read_or_make(tmp_path)
    assert (again.password, again.auth) == ("mine", first.auth)


def test_a_credential_that_is_new_in_this_version_is_added(tmp_path: Path):
    first, _ = read_or_make(tmp_path)
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"user": "devel", "password": first.password, "auth": first.auth}))
    again, made = read_or_make(tmp_path)
    assert (again.auth, made) == (first.auth, False)
    assert json.loads(file.read_text())["s3_secret_key"] == again.s3_secret_key


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "it is not JSON"),
        ("[]", "it holds no object"),
        ('{"pasword": "x"}', "'pasword' is not a credential"),
        ('{"password": 12345}', "'password' is not a credential, or its value is not a text"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_what_to_do(tmp_path: Path, text: str, part: str):
    (tmp_path / "credentials.json").write_text(text)
    with pytest.raises(StartError, match="delete it to get new credentials") as caught:
        read_or_make(tmp_path)
    assert part in str(caught.value)
