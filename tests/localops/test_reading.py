"""What others wrote is read in bounded time, to a value or to the one error that is documented."""

from __future__ import annotations

import ast
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from localops.reading import json_value, python_source, regular_file
from localops.reading.json_value import NotJsonError, TooLargeError
from localops.reading.number import whole_number

DIGITS = "9" * 5000

# A user without rights, on every system.
NOBODY = 65534


@pytest.mark.parametrize(
    ("text", "allowed", "number"),
    [
        ("0", range(10), 0),
        ("007", range(10), 7),
        ("0" * 5000 + "5", range(10), 5),
        ("10", range(10), None),
        ("99", range(100, 200), None),
        (str(10**18 - 1), range(2**63), 10**18 - 1),
        *[
            (text, range(2**63), None)
            for text in ("", "²", "١٢", "+1", "-1", " 1", "1\n", "1_0", "1.0", "0x1")
        ],
        *[(text, range(2**63), None) for text in ("\0", "\ud800", "½", DIGITS, "九")],
    ],
)
def test_a_whole_number_is_ascii_digits_within_bounds(text: str, allowed: range, number: int | None):
    assert whole_number(text, allowed) == number


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def a_lock(path: Path) -> None:
    path.symlink_to("me@host.1:2")


def unreadable(path: Path) -> None:
    path.touch(mode=0)


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(regular_file.MAX_BYTES + 1)  # it takes no room on the disk


KINDS = {
    "a pipe": (a_pipe, "it is not a regular file"),
    "a socket": (a_socket, "No such device or address"),
    "a folder": (Path.mkdir, "it is not a regular file"),
    "a link to itself": (a_loop, "Too many levels of symbolic links"),
    "a lock of Emacs": (a_lock, "No such file or directory"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
    "nothing": (lambda _: None, "No such file or directory"),
    "a file that is too large": (too_large, "it is larger than 50331648 bytes"),
}


@pytest.mark.parametrize(("make", "reason"), KINDS.values(), ids=KINDS)
def test_what_is_not_a_regular_file_is_not_waited_for(tmp_path: Path, make: Any, reason: str):
    make(tmp_path / "file")
    with pytest.raises(OSError, match=reason) as caught:
        regular_file.read_text(tmp_path / "file")
    assert caught.value.strerror


def test_a_file_without_the_right_to_read_it_says_so(tmp_path: Path):
    unreadable(tmp_path / "file")
    user = os.geteuid()
    if user == 0:  # nothing is unreadable for root
        os.seteuid(NOBODY)
    try:
        with pytest.raises(OSError, match="Permission denied"):
            regular_file.read_text(tmp_path / "file")
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"a\r\nb\rc\n", "a\nb\nc\n"), ("naïve".encode(), "naïve"), (b"", "")],
)
def test_a_text_has_one_kind_of_line_end(tmp_path: Path, data: bytes, text: str):
    (tmp_path / "file").write_bytes(data)
    assert regular_file.read_text(tmp_path / "file") == text


def test_what_is_not_utf_8_says_where(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"caf\xe9")
    with pytest.raises(OSError, match=r"it is not text in UTF-8 \(byte 4\)"):
        regular_file.read_text(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ValueError),
        ("{", ValueError),
        (b"\xff", ValueError),
        ("NaN", NotJsonError),
        ("[-Infinity]", NotJsonError),
        (DIGITS, TooLargeError),
        (f'{{"x": -{DIGITS}}}', TooLargeError),
        ("[" * 901 + "]" * 901, TooLargeError),
        ('{"a":' * 901 + "1" + "}" * 901, TooLargeError),
        ("[" * 100_000, TooLargeError),
        ('[{"a":' * 100_000, TooLargeError),
    ],
)
def test_what_is_not_json_has_one_error(text: str | bytes, error: type[ValueError]):
    for form in {text, text.encode() if isinstance(text, str) else text}:
        with pytest.raises(error):
            json_value.read(form)


@pytest.mark.parametrize("value", [1, "x", [{"a": None}], json.loads("[" * 900 + "]" * 900)])
def test_json_is_read_up_to_the_deepest_that_openwhisk_takes(value: object):
    assert json_value.read(json.dumps(value)) == value
    assert json_value.read_beginning(json.dumps(value) + " and more") == value


@pytest.mark.parametrize(
    "source",
    [
        b"def main(args:\n",
        b"\0",
        b"# coding: none\n",
        b"'\xff'",
        b"x = " + b"(" * 100_000,
        b"x = " + b"-" * 100_000 + b"1",
        b"x = 1" + b" + 1" * 100_000,
        b"if 1:\n" * 200,
        b"x = " + DIGITS.encode(),
    ],
    ids=lambda source: str(source[:20]),
)
def test_a_source_that_python_gives_up_on_is_a_syntax_error(tmp_path: Path, source: bytes):
    (tmp_path / "x.py").write_bytes(source)
    with pytest.raises(SyntaxError):
        python_source.parse(tmp_path / "x.py")


def test_the_imports_of_a_source_are_absolute_ones(tmp_path: Path):
    (tmp_path / "x.py").write_text("import a.b, c\nfrom d.e import f\nfrom . import g\nh = '\\d'\n")
    nodes = ast.walk(python_source.parse(tmp_path / "x.py"))
    found = [name for node in nodes for name in python_source.imported_names(node)]
    assert sorted(found) == ["a", "c", "d"]
