"""Files that no action should be, each with the sentence about it, for tests of what reads `packages/`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

MAIN = "def main(args): return {}\n"
Make = Callable[[Path], object]


def holds(content: str | bytes) -> Make:
    data = content.encode() if isinstance(content, str) else content
    return lambda file: file.write_bytes(data)


def a_socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        # The path of a socket may have about a hundred characters.
        here = os.open(file.parent, os.O_RDONLY)
        try:
            listening.bind(f"/proc/self/fd/{here}/{file.name}")
        finally:
            os.close(here)


def too_large(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(48 * 1024 * 1024 + 1)


# name: the file in a package, how it is made, and a part of its one sentence ("" where it is not an action).
ODD_FILES: Mapping[str, tuple[bytes, Make, str]] = {
    "a digit but not a number": (b"a.py", holds("#--timeout ²\n"), "a number from 100 to 300000, not '²'"),
    "digits of another script": (b"a.py", holds("#--memory ٢٥٦\n"), "a number from 128 to 512"),
    "a number of 5,000 digits": (b"a.py", holds("#--timeout " + "9" * 5000), "a number from 100 to 300000"),
    "a parameter of 5,000 digits": (b"a.py", holds("#-p X " + "9" * 5000), "too many digits"),
    "nested 100,000 deep": (b"a.py", holds("#--param X " + "[" * 100_000), "nested more than 900 levels"),
    "half a character": (b"a.py", holds("#--param X '\"\\ud800\"'\n"), "cannot be sent by `ops`"),
    "an option of another tool": (b"a.py", holds("#--colour\x1b[2J red\n"), "is not an option"),
    "a parameter without value": (b"a.py", holds("#--param X\n"), "--param has no value"),
    "two that exclude each other": (b"a.py", holds("#--kind python:3\n#--docker x\n"), "exclude each other"),
    "another language's kind": (b"a.py", holds("#--kind nodejs:20\n"), "is not Python"),
    "not UTF-8": (b"a.py", holds(b"# caf\xe9\n"), "it is not text in UTF-8 (byte 6)"),
    "UTF-16": (b"a.py", holds(("\ufeff" + MAIN).encode("utf-16-le")), "it is not text in UTF-8"),
    "a dangling link": (b"a.py", lambda file: file.symlink_to("nowhere"), "No such file or directory"),
    "a link to itself": (b"a.py", lambda file: file.symlink_to(file.name), "symbolic links"),
    "a link to a device": (b"a.py", lambda file: file.symlink_to("/dev/zero"), "it is not a regular file"),
    "a pipe": (b"a.py", os.mkfifo, "it is not a regular file"),
    "a socket": (b"a.py", a_socket, "No such device or address"),
    "a folder": (b"a.py", Path.mkdir, "it is not a regular file"),
    "too large": (b"a.py", too_large, "it is larger than"),
    "a name that is not UTF-8": (b"\xff\xfe.py", holds(MAIN), "OpenWhisk allows no such name: '"),
    "a name with a line break": (b"a\nb.py", holds(MAIN), r"OpenWhisk allows no such name: 'a\nb'"),
    "a name that the terminal obeys": (
        b"\x1b[2J.py",
        holds(MAIN),
        r"OpenWhisk allows no such name: '\x1b[2J'",
    ),
    "a name with a slash look-alike": ("a\u2215b.py".encode(), holds(MAIN), "OpenWhisk allows no such name"),
    "a lock of Emacs": (b".#a.py", lambda file: file.symlink_to("me@host.1:2"), ""),
    "a hidden file": (b".hidden.py", holds("#--nonsense\n"), ""),
    "a hidden pipe": (b".pipe.py", os.mkfifo, ""),
}


def file_in(package: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.fsencode(package) + b"/" + name))
