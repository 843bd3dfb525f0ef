"""Nothing that others wrote is obeyed by a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from localops_process import PATIENCE_S, ROOT, LocalopsProcess

from localops.terminal_text import harmless, one_line, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, naïve, 日本, 👩\u200d🚀, \u200fعربي", "plain, naïve, 日本, 👩\u200d🚀, \u200fعربي"),
        ("tabs\tand\nlines", "tabs\tand\nlines"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("over\rwritten\b\b", r"over\rwritten\x08\x08"),
        ("\x9b2J\x7f\x85", r"\x9b2J\x7f\x85"),
        ("if \u202e\u2066x\u2069", r"if \u202e\u2066x\u2069"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_controls_are_shown_instead_of_obeyed(text: str, shown: str):
    assert harmless(text) == shown


def test_no_control_character_is_left_but_tabs_and_line_feeds():
    shown = harmless("".join(map(chr, range(0x110000))))
    assert {each for each in shown if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")} == {"\t", "\n"}
    assert shown.encode()


def test_one_line_shows_line_feeds_and_tabs_too():
    assert one_line("a\n\tb\x1b") == r"a\n\tb\x1b"


def test_a_quotation_is_short_and_on_one_line():
    assert quoted("a\n\x1b\u202eb") == r"'a\n\x1b\u202eb'"
    assert quoted("x" * 5000) == repr("x" * 80 + "…")


NASTY = r"""#--web true
import sys
EVIL = "\x1b[2J\x1b]0;mine\x07\rover\x9b31m"
def main(args):
    print(EVIL)
    print(EVIL, file=sys.stderr)
    return {"error": EVIL} if args.get("fail") else {"body": EVIL}
"""
SHOWN = r"\x1b[2J\x1b]0;mine\x07\rover\x9b31m"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = tmp_path_factory.mktemp("nasty") / "packages"
    (packages / "demo").mkdir(parents=True)
    (packages / "demo" / "nasty.py").write_text(NASTY)
    return packages.parent


def on_a_terminal(*words: str) -> str:
    """Return what a command writes to a terminal that is its standard output and its standard error."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "localops", *words]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:
            pass  # the other end of the terminal is closed: that was all
        process.wait(PATIENCE_S)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def test_what_actions_write_is_shown_by_the_console_and_the_commands_and_obeyed_by_nobody(
    running: LocalopsProcess, project: Path
):
    place = ("--url", running.url, "--project", str(project))
    failed = on_a_terminal("invoke", "demo/nasty", "fail=1", *place)
    assert f"demo/nasty failed (application error): {SHOWN}" in failed
    called = on_a_terminal("invoke", "demo/nasty", *place)
    logged = on_a_terminal("logs", "demo/nasty", *place)
    assert f"demo/nasty | {SHOWN}" in logged
    running.wait_for_line(f"demo/nasty | {SHOWN}")
    for text in (failed, called, logged, *running.log):
        assert not {"\x1b", "\x07", "\x9b", "\r"} & set(text), repr(text)
