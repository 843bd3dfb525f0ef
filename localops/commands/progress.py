"""What people see of a long download: a bar on a terminal, elsewhere a line from time to time."""

from __future__ import annotations

import os
import shutil
import time
from typing import Protocol, TextIO

UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
BAR_CELLS = 24
REDRAW_S = 0.1
# Earlier, a speed is a guess.
SPEED_KNOWN_S = 2.0
LINES = 10
ERASE_REST = "\x1b[K"


class Display(Protocol):
    """Shows how far something is."""

    def step(self, text: str) -> None:
        """Say what is done now; the same text again says nothing new."""
        ...

    def amount(self, done: int, total: int) -> None:
        """Say how many bytes are there, of how many."""
        ...

    def end(self) -> None:
        """Leave the next line to others."""
        ...


def display(stream: TextIO, title: str) -> Display:
    """What suits a stream."""
    is_screen = stream.isatty() and os.environ.get("TERM") not in (None, "", "dumb")
    return Bar(stream, title) if is_screen else Lines(stream, title)


class Bar:
    """One line that is written over and over."""

    def __init__(self, stream: TextIO, title: str) -> None:
        self.stream = stream
        self.title = title
        self.speed = Speed()
        self.drawn_s = 0.0
        self.text = ""

    def step(self, text: str) -> None:
        self.draw(f"{self.title}: {text}")

    def amount(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        self.speed.note(done, now_s)
        if now_s - self.drawn_s < REDRAW_S and done < total:
            return
        self.drawn_s = now_s
        filled = BAR_CELLS * done // total
        bar = "#" * filled + "-" * (BAR_CELLS - filled)
        figures = f"{100 * done // total:3d} %  {size(done)} of {size(total)}"
        self.draw(f"{self.title}: [{bar}] {figures}{self.speed.text(total - done)}")

    def draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        if text != self.text:
            self.text = text
            self.stream.write(f"\r{text[:width]}{ERASE_REST}")
            self.stream.flush()

    def end(self) -> None:
        if self.text:
            self.stream.write("\n")
            self.stream.flush()


class Lines:
    """A line for each step and each tenth of the bytes."""

    def __init__(self, stream: TextIO, title: str) -> None:
        self.stream = stream
        self.title = title
        self.last_step = ""
        self.last_tenth = -1

    def step(self, text: str) -> None:
        if text != self.last_step:
            self.last_step = text
            self.write(text)

    def amount(self, done: int, total: int) -> None:
        tenth = LINES * done // total
        if tenth > self.last_tenth:
            self.last_tenth = tenth
            self.write(f"{100 * done // total} %, {size(done)} of {size(total)}")

    def write(self, text: str) -> None:
        self.stream.write(f"{self.title}: {text}\n")
        self.stream.flush()

    def end(self) -> None:
        """Every line is whole already."""


class Speed:
    """How fast bytes come in this run; what was there before does not count."""

    def __init__(self) -> None:
        self.begun: tuple[int, float] | None = None
        self.done, self.now_s = 0, 0.0

    def note(self, done: int, now_s: float) -> None:
        self.done, self.now_s = done, now_s
        self.begun = self.begun or (done, now_s)

    def text(self, missing: int) -> str:
        """Speed and time left; nothing as long as nobody can know."""
        begun, begun_s = self.begun or (0, 0.0)
        took_s = self.now_s - begun_s
        if took_s < SPEED_KNOWN_S or self.done <= begun:
            return ""
        per_s = (self.done - begun) / took_s
        minutes, seconds = divmod(int(missing / per_s), 60)
        return f"  {size(int(per_s))}/s  {minutes}:{seconds:02d} left"


def size(bytes: int) -> str:
    """A number of bytes as Ollama writes it: `4.7 GB`."""
    for unit, factor in UNITS:
        if bytes >= factor:
            return f"{bytes / factor:.1f} {unit}"
    return f"{bytes} B"
