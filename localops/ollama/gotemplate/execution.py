"""A template, run over values."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, cast

from localops.ollama.gotemplate import functions
from localops.ollama.gotemplate.lexer import failure
from localops.ollama.gotemplate.nodes import (
    Action,
    Branch,
    Call,
    Chain,
    Command,
    Function,
    Jump,
    Literal,
    Node,
    Operand,
    Path,
    Pipe,
    Template,
    Text,
)
from localops.ollama.gotemplate.values import GoError, Struct, field_of, is_true, shown

MAX_DEPTH = 100
"""Of templates and branches in one another; Go's own is 100,000 templates."""

_MAX_WORK = 200_000
"""Steps, and characters in hundreds: about a second. Go's has no end, but there it holds up nobody else."""

_CHARACTERS_A_STEP = 100
_MAX_SOURCE = 100  # of a command, in a complaint about it


class _Jumped(Exception):
    """A `break` or a `continue` on its way to its `range`."""


class Work:
    """The work that a template may still do."""

    def __init__(self) -> None:
        self._left = _MAX_WORK

    def spend(self, characters: int = 0) -> None:
        """Note a step.

        Raises:
            GoError: it was one too many.
        """
        self._left -= 1 + characters // _CHARACTERS_A_STEP
        if self._left < 0:
            raise GoError("the template goes on for too long")


def execute(template: Template, nodes: Sequence[Node], data: dict[str, Any], work: Work) -> str:
    """Run nodes of a template; return what they print.

    Raises:
        TemplateFailure: in the middle.
    """
    run = _Run(template, data, work)
    run.nodes(nodes, data)
    return "".join(run.printed)


class _Run:
    """One execution of a template."""

    def __init__(self, template: Template, data: Any, work: Work) -> None:
        self.printed: list[str] = []
        self._template = template
        self._work = work
        self._variables: list[tuple[str, Any]] = [("$", data)]
        self._depth = 0
        self._command = Command((), 1, "")

    def nodes(self, nodes: Iterable[Node], dot: Any) -> None:
        try:
            for node in nodes:
                self._node(node, dot)
        except GoError as error:
            self._fail(error)

    def _fail(self, error: GoError) -> NoReturn:
        where = f'executing "" at <{self._command.source[:_MAX_SOURCE]}>'
        raise failure(self._command.line, f"{where}: {error}") from error

    def _node(self, node: Node, dot: Any) -> None:
        match node:
            case Text(text):
                self._print(text)
            case Action(pipe):
                value = self._pipe(pipe, dot)
                if not pipe.variables:
                    self._print(shown(value))
            case Branch("range"):
                self._range(node, dot)
            case Branch():
                with self._inside():
                    value = self._pipe(node.pipe, dot)
                    chosen = node.body if is_true(value) else node.otherwise
                    inner = value if node.keyword == "with" and is_true(value) else dot
                    self._each(chosen, inner)
            case Call():
                self._call(node, dot)
            case Jump(keyword):
                raise _Jumped(keyword)

    def _each(self, nodes: Iterable[Node], dot: Any) -> None:
        for node in nodes:
            self._node(node, dot)

    def _print(self, text: str) -> None:
        self._work.spend(len(text))
        self.printed.append(text)

    @contextmanager
    def _inside(self) -> Generator[None]:
        """Forget, at the end, the variables that are declared meanwhile."""
        kept = len(self._variables)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise GoError(f"exceeded maximum template depth ({MAX_DEPTH})")
        try:
            yield
        finally:
            self._depth -= 1
            del self._variables[kept:]

    def _range(self, node: Branch, dot: Any) -> None:
        with self._inside():
            over = self._pipe(node.pipe, dot)
            if len(node.pipe.variables) > 1 and type(over) is int:
                raise GoError(f"can't use {over} to iterate over more than one variable")
            pairs = _pairs(over)
            empty = True
            for key, value in pairs:
                empty = False
                with self._inside():
                    self._bind(node.pipe, key, value)
                    try:
                        self._each(node.body, value)
                    except _Jumped as jump:
                        if str(jump) == "break":
                            return
            if empty:
                self._each(node.otherwise, dot)

    def _bind(self, pipe: Pipe, key: Any, value: Any) -> None:
        self._work.spend()
        given = (value,) if len(pipe.variables) == 1 else (key, value)
        for name, each in zip(pipe.variables, given, strict=False):
            if pipe.declares:
                self._variables.append((name, each))
            else:
                self._assign(name, each)

    def _assign(self, name: str, value: Any) -> None:
        place = next(
            place for place in reversed(range(len(self._variables))) if self._variables[place][0] == name
        )
        self._variables[place] = (name, value)

    def _call(self, node: Call, dot: Any) -> None:
        nodes = self._template.defined.get(node.name)
        if nodes is None:
            self._command = Command((), node.line, f'{{{{template "{node.name}"}}}}')
            raise GoError(f'template "{node.name}" not defined')
        given = self._pipe(node.pipe, dot) if node.pipe else None
        outer, self._variables = self._variables, [("$", given)]
        try:
            with self._inside():
                self._each(nodes, given)
        finally:
            self._variables = outer

    def _pipe(self, pipe: Pipe, dot: Any) -> Any:
        value: Any = None
        for place, command in enumerate(pipe.commands):
            self._command = command
            value = self._run(command, dot, (value,) if place else ())
        if pipe.declares:
            self._variables.extend((name, value) for name in pipe.variables)
        else:
            for name in pipe.variables:
                self._assign(name, value)
        return value

    def _run(self, command: Command, dot: Any, last: tuple[Any, ...]) -> Any:
        self._work.spend()
        first, *others = command.operands
        if not isinstance(first, Function):
            if others or last:
                raise GoError(f"can't give argument to non-function {command.source}")
            if first == Literal(None):
                raise GoError("nil is not a command")
            return self._value(first, dot)
        if first.name in ("and", "or"):
            return self._either(first.name, others, dot, last)
        given = [*(self._value(each, dot) for each in others), *last]
        self._work.spend(sum(map(_size, given)))
        result = functions.call(first.name, given)
        self._work.spend(_size(result))
        return result

    def _either(self, name: str, operands: Sequence[Operand], dot: Any, last: tuple[Any, ...]) -> Any:
        """Return the first operand that decides, or the last one."""
        if not operands and not last:
            raise GoError(f"wrong number of args for {name}: want at least 1 got 0")
        value: Any = None
        for each in (*operands, *map(_Given, last)):
            value = each.value if isinstance(each, _Given) else self._value(each, dot)
            if is_true(value) == (name == "or"):
                break
        return value

    def _value(self, operand: Operand, dot: Any) -> Any:
        match operand:
            case Literal(value):
                return value
            case Function(name):
                return (
                    functions.call(name, ()) if name not in ("and", "or") else self._either(name, (), dot, ())
                )
            case Path("", fields):
                return self._fields(dot, fields)
            case Path(start, fields):
                return self._fields(
                    next(value for name, value in reversed(self._variables) if name == start), fields
                )
            case Chain(pipe, fields):
                return self._fields(self._pipe(pipe, dot), fields)

    def _fields(self, value: Any, fields: Sequence[str]) -> Any:
        for name in fields:
            value = field_of(value, name)
        return value


class _Given:
    """A value among operands: what the command before gave."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, cast("dict[str, Any]", value).values()))
    return sum(map(_size, cast("list[Any]", value))) if isinstance(value, list) else 1


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return what `range` goes through.

    Raises:
        GoError: nothing that it can go through.
    """
    if value is None:
        return ()
    if isinstance(value, int) and not isinstance(value, bool):
        return ((place, place) for place in range(value))
    if isinstance(value, list):
        return enumerate(cast("list[Any]", value))
    if isinstance(value, dict) and not isinstance(value, Struct):
        return sorted(cast("dict[str, Any]", value).items())
    raise GoError(f"range can't iterate over {shown(value)[:100]}")
