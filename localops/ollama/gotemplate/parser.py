"""A template's tokens, put together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from localops.ollama.gotemplate.lexer import Token, failure
from localops.ollama.gotemplate.literals import character, number, text_of
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
from localops.ollama.gotemplate.token_stream import TokenStream

_MAX_LENGTH = 100_000
"""Of a template; those of models have a few thousand characters."""

MAX_DEPTH = 60
"""Of actions and of brackets in one another."""

_DOT = Path("", ())
_WORDS = {"true": True, "false": False, "nil": None}


def parse(source: str, functions: Sequence[str]) -> Template:
    """Read a template.

    Args:
        functions: the names that may be called.

    Raises:
        TemplateFailure: not a template.
    """
    if len(source) > _MAX_LENGTH:
        raise failure(1, f"the template has more than {_MAX_LENGTH} characters")
    return _Parser(source, functions).template()


class _Parser:
    """One reading of a text."""

    def __init__(self, source: str, functions: Sequence[str]) -> None:
        self._source = source
        self._functions = functions
        self._tokens = TokenStream(source)
        self._depth = self._loops = 0
        self._variables = ["$"]
        self._template = Template()
        self._readers: dict[str, Callable[[Token], Operand]] = {
            "name": self._word,
            "variable": self._variable,
            "field": self._field,
            "dot": lambda _: _DOT,
            "text": lambda token: Literal(text_of(token.text, token.line)),
            "number": lambda token: Literal(number(token.text, token.line)),
            "character": lambda token: Literal(character(token.text, token.line)),
        }

    def template(self) -> Template:
        nodes, end = self._nodes()
        if end:
            raise self._tokens.failure(f"unexpected {{{{{end}}}}}")
        self._template.nodes = nodes
        return self._template

    @contextmanager
    def _deeper(self) -> Generator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._tokens.failure("exceeded max depth")
        yield
        self._depth -= 1

    def _nodes(self) -> tuple[list[Node], str]:
        """Read until an `end`, an `else` or the end; return which it was, empty for the last."""
        nodes: list[Node] = []
        while True:
            token = self._tokens.take_or_end()
            if token is None:
                return nodes, ""
            if token.kind == "plain":
                nodes.append(Text(token.text))
                continue
            keyword = self._tokens.peek()
            if keyword.kind == "name" and keyword.text in ("end", "else"):
                self._tokens.take()
                if keyword.text == "end":
                    self._close("end")
                return nodes, keyword.text
            nodes.extend(self._action(keyword))

    def _action(self, keyword: Token) -> Sequence[Node]:
        special: dict[str, Callable[[], Sequence[Node]]] = {
            "if": lambda: self._branch("if"),
            "with": lambda: self._branch("with"),
            "range": lambda: self._branch("range"),
            "define": self._define,
            "block": self._block,
            "template": self._call,
            "break": lambda: self._jump("break"),
            "continue": lambda: self._jump("continue"),
        }
        if keyword.kind == "name" and keyword.text in special:
            self._tokens.take()
            with self._deeper():
                return special[keyword.text]()
        return [Action(self._pipe("command", "end"))]

    def _close(self, where: str) -> None:
        token = self._tokens.take()
        if token.kind != "end":
            raise self._tokens.failure(f"unexpected {_shown(token)} in {where}")

    def _branch(self, keyword: str) -> Sequence[Node]:
        kept = len(self._variables)
        pipe = self._pipe(keyword, "end", ranges=keyword == "range")
        self._loops += keyword == "range"
        body, end = self._nodes()
        self._loops -= keyword == "range"
        otherwise: Sequence[Node] = []
        if end == "else":
            otherwise = self._otherwise(keyword)
        elif not end:
            raise self._tokens.failure("unexpected EOF")
        del self._variables[kept:]
        return [Branch(keyword, pipe, body, otherwise)]

    def _otherwise(self, keyword: str) -> Sequence[Node]:
        token = self._tokens.peek()
        if token.kind == "name" and token.text == keyword != "range":  # else if, else with
            self._tokens.take()
            with self._deeper():
                return self._branch(keyword)
        self._close("else")
        nodes, end = self._nodes()
        if end != "end":
            raise self._tokens.failure(f"expected end; found {{{{{end}}}}}" if end else "unexpected EOF")
        return nodes

    def _block(self) -> Sequence[Node]:
        name, line = self._name("block clause"), self._tokens.line
        pipe = self._pipe("block clause", "end")
        self._template.defined[name] = self._body()
        return [Call(name, pipe, line)]

    def _define(self) -> Sequence[Node]:
        if self._depth > 1:
            raise self._tokens.failure("unexpected <define> in command")
        name = self._name("define clause")
        self._close("define clause")
        self._template.defined[name] = self._body()
        return []

    def _body(self) -> Sequence[Node]:
        outer, self._variables, loops, self._loops = self._variables, ["$"], self._loops, 0
        nodes, end = self._nodes()
        self._variables, self._loops = outer, loops
        if end != "end":
            raise self._tokens.failure("unexpected {{else}}" if end else "unexpected EOF")
        return nodes

    def _call(self) -> Sequence[Node]:
        name, line = self._name("template clause"), self._tokens.line
        if self._tokens.peek().kind == "end":
            self._tokens.take()
            return [Call(name, None, line)]
        return [Call(name, self._pipe("template clause", "end"), line)]

    def _jump(self, keyword: str) -> Sequence[Node]:
        if not self._loops:
            raise self._tokens.failure(f"{{{{{keyword}}}}} outside {{{{range}}}}")
        self._close(f"{{{{{keyword}}}}}")
        return [Jump(keyword)]

    def _name(self, where: str) -> str:
        token = self._tokens.take()
        if token.kind != "text":
            raise self._tokens.failure(f"unexpected {_shown(token)} in {where}")
        return text_of(token.text, token.line)

    def _pipe(self, where: str, closing: str, *, ranges: bool = False) -> Pipe:
        variables, declares = self._declared(ranges=ranges)
        commands: list[Command] = []
        while True:
            commands.append(self._command(where))
            first = commands[-1].operands[0]
            if len(commands) > 1 and (isinstance(first, Literal) or first == _DOT):
                raise self._tokens.failure(f"non executable command in pipeline stage {len(commands)}")
            token = self._tokens.take()
            if (token.text == ")" and closing == ")") or token.kind == closing:
                break
            if token.kind == "end":
                raise self._tokens.failure("unclosed left paren")
            if token.text != "|" or token.kind != "mark":
                raise self._tokens.failure(f"unexpected {_shown(token)} in {where}")
        if declares:
            self._variables.extend(variables)
        return Pipe(tuple(commands), variables, declares)

    def _declared(self, *, ranges: bool) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        while self._tokens.peek().kind == "variable":
            variable = self._tokens.take()
            mark = self._tokens.peek()
            if mark.kind == "mark" and mark.text in (":=", "=", ","):
                names.append(variable.text)
                self._tokens.take()
                if mark.text == "," and not (ranges and len(names) == 1):
                    raise self._tokens.failure("too many declarations in command")
                if mark.text == ",":
                    continue
                if mark.text == "=":
                    self._known(names)
                return tuple(names), mark.text == ":="
            self._tokens.put_back(variable)
            if names:
                raise self._tokens.failure("range can only initialize variables")
            break
        if names:
            raise self._tokens.failure("range can only initialize variables")
        return (), False

    def _known(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._variables:
                raise self._tokens.failure(f'undefined variable "{name}"')

    def _command(self, where: str) -> Command:
        begin = self._tokens.peek()
        operands: list[Operand] = []
        while True:
            token = self._tokens.peek()
            if token.kind == "end" or (token.kind == "mark" and token.text in ("|", ")")):
                break
            if operands and token.joined:
                raise self._tokens.failure(f"unexpected {_shown(token)} in operand")
            operands.append(self._operand(where))
        if not operands:
            raise self._tokens.failure(f"missing value for {where}")
        source = self._source[begin.place : token.place].strip()
        return Command(tuple(operands), begin.line, source)

    def _operand(self, where: str) -> Operand:
        token = self._tokens.take()
        if token.kind == "mark" and token.text == "(":
            with self._deeper():
                return Chain(self._pipe("parenthesized pipeline", ")"), self._fields())
        if token.kind not in self._readers:
            raise self._tokens.failure(f"unexpected {_shown(token)} in {where}")
        return self._readers[token.kind](token)

    def _word(self, token: Token) -> Operand:
        if token.text in _WORDS:
            return Literal(_WORDS[token.text])
        if token.text not in self._functions:
            raise self._tokens.failure(f'function "{token.text}" not defined')
        return Function(token.text)

    def _variable(self, token: Token) -> Operand:
        self._known([token.text])
        return Path(token.text, self._fields())

    def _field(self, token: Token) -> Operand:
        return Path("", (token.text[1:], *self._fields()))

    def _fields(self) -> tuple[str, ...]:
        names: list[str] = []
        while (token := self._tokens.peek()).kind == "field" and token.joined:
            names.append(self._tokens.take().text[1:])
        return tuple(names)


def _shown(token: Token) -> str:
    return f"<{token.text}>" if token.kind == "name" else f'"{token.text}"'
