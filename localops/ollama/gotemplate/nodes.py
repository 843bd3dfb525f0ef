"""The parts of a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Literal:
    """A text, a number, a truth value, or nil."""

    value: str | int | float | bool | None


@dataclass(frozen=True)
class Path:
    """Fields of something, `.A.B`: of `start`, a variable's name, or of the dot where that is empty."""

    start: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """Fields of what a pipeline in brackets gives, `(index .A 0).B`."""

    pipe: Pipe
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    name: str


Operand = Literal | Path | Chain | Function


@dataclass(frozen=True)
class Command:
    """Operands side by side; the first may be a function, the others are what it is given."""

    operands: tuple[Operand, ...]
    line: int
    source: str


@dataclass(frozen=True)
class Pipe:
    """Commands, each of which is given what the one before it gave.

    Attributes:
        variables: that get the result.
        declares: whether they are new.
    """

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = True


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Action:
    pipe: Pipe


@dataclass(frozen=True)
class Branch:
    """`if`, `with` or `range`."""

    keyword: str
    pipe: Pipe
    body: Sequence[Node]
    otherwise: Sequence[Node] = ()


@dataclass(frozen=True)
class Call:
    """A `template`, or what a `block` does."""

    name: str
    pipe: Pipe | None
    line: int


@dataclass(frozen=True)
class Jump:
    """`break` or `continue`."""

    keyword: str


Node = Text | Action | Branch | Call | Jump


@dataclass
class Template:
    """A parsed template: its own nodes, and those of each `define` in it."""

    nodes: Sequence[Node] = ()
    defined: dict[str, Sequence[Node]] = field(default_factory=dict[str, "Sequence[Node]"])
