"""A conversation, put through a template that a request brings along.

A template that names `.Messages` gets all of them at once. One that does not is run once for each exchange,
with `.System`, `.Prompt` and `.Response`, and for the last one only up to the answer that is to be made.
Source: ollama template/template.go (Parse, Execute, collate).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from localops.ollama.engine import Message
from localops.ollama.gotemplate.execution import Work, execute
from localops.ollama.gotemplate.functions import NAMES
from localops.ollama.gotemplate.nodes import (
    Action,
    Branch,
    Call,
    Chain,
    Command,
    Node,
    Operand,
    Path,
    Pipe,
    Template,
)
from localops.ollama.gotemplate.parser import parse
from localops.ollama.gotemplate.values import Struct

_RESPONSE = "Response"
_SAY_RESPONSE = Action(Pipe((Command((Path("", (_RESPONSE,)),), 1, ".Response"),)))


def rendered(source: str, messages: Sequence[Message], think: bool | str | None) -> str:
    """Return the text that a model is to continue.

    Raises:
        TemplateFailure: not a template, or it asks for what there is not.
    """
    template = parse(source, NAMES)
    named = {name.lower() for nodes in (template.nodes, *template.defined.values()) for name in _named(nodes)}
    thinking = {
        "Think": bool(think),
        "ThinkLevel": think if isinstance(think, str) else "medium" if think else "",
        "IsThinkSet": think is not None,
    }
    collated = _collated(messages)
    if "messages" in named:
        return _at_once(template, collated, thinking)
    if _RESPONSE.lower() not in named:
        template.nodes = [*template.nodes, _SAY_RESPONSE]
    return _one_by_one(template, collated, thinking)


def _at_once(template: Template, messages: Sequence[Message], thinking: dict[str, Any]) -> str:
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    data = {"System": system, "Messages": [*map(_struct, messages)], "Tools": [], _RESPONSE: "", **thinking}
    return execute(template, template.nodes, data, Work())


def _one_by_one(template: Template, messages: Sequence[Message], thinking: dict[str, Any]) -> str:
    work = Work()
    *earlier, last = _exchanges(messages)
    texts = [execute(template, template.nodes, {**exchange, **thinking}, work) for exchange in earlier]
    opening, _ = _until_response(template.nodes)
    return "".join([*texts, execute(template, opening, {**last, **thinking}, work)])


def _collated(messages: Sequence[Message]) -> list[Message]:
    """Put messages of one role that follow one another into one."""
    collated: list[Message] = []
    for message in messages:
        if collated and collated[-1].role == message.role != "tool":
            content = f"{collated[-1].content}\n\n{message.content}"
            collated[-1] = collated[-1]._replace(content=content)
        else:
            collated.append(message)
    return collated


def _exchanges(messages: Sequence[Message]) -> Iterator[dict[str, str]]:
    """Yield who said what in each exchange; the last one has no answer yet, or the beginning of one."""
    places = {"system": "System", "user": "Prompt", "assistant": _RESPONSE}
    empty = dict.fromkeys(places.values(), "")
    said = dict(empty)
    for role, content, _ in messages:
        before = {"system": said["Prompt"] or said[_RESPONSE], "user": said[_RESPONSE]}
        if before.get(role):
            yield said
            said = dict(empty)
        if role in places:
            said[places[role]] = content
    yield said


def _struct(message: Message) -> Struct:
    fields = {"Role": message.role, "Content": message.content, "Thinking": message.thinking}
    lists: dict[str, Any] = {"Images": [], "ToolCalls": [], "ToolName": "", "ToolCallID": ""}
    return Struct("*template.templateMessage", {**fields, **lists})


def _named(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the names of all fields that nodes look at."""
    for node in nodes:
        match node:
            case Action(pipe) | Call(pipe=Pipe() as pipe):
                yield from _named_in(pipe)
            case Branch():
                yield from _named_in(node.pipe)
                yield from _named([*node.body, *node.otherwise])
            case _:
                pass


def _named_in(pipe: Pipe) -> Iterator[str]:
    for operand in _operands(pipe):
        if isinstance(operand, Path):
            yield from operand.fields


def _operands(pipe: Pipe) -> Iterator[Operand]:
    for command in pipe.commands:
        for operand in command.operands:
            yield operand
            if isinstance(operand, Chain) and not operand.fields:  # Ollama looks into no others
                yield from _operands(operand.pipe)


def _until_response(nodes: Sequence[Node]) -> tuple[list[Node], bool]:
    """Return the nodes before the first that prints `.Response`, with it, and whether there was one."""
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Action) and any(map(_is_response, _operands(node.pipe))):
            return [*kept, *_cut(node)], True
        if isinstance(node, Branch):
            body, found = _until_response(node.body)
            otherwise, found_later = ([], False) if found else _until_response(node.otherwise)
            kept.append(replace(node, body=body, otherwise=otherwise))
            if found or found_later:
                return kept, True
        else:
            kept.append(node)
    return kept, False


def _cut(node: Action) -> Sequence[Node]:
    """Return an action without what stands behind `.Response`; nothing where commands of it do."""
    *_, last = node.pipe.commands
    place = next((place for place, operand in enumerate(last.operands) if _is_response(operand)), None)
    if len(node.pipe.commands) > 1 or place is None:
        return [node] if place is not None else []
    return [Action(replace(node.pipe, commands=(replace(last, operands=last.operands[: place + 1]),)))]


def _is_response(operand: Operand) -> bool:
    return isinstance(operand, Path) and not operand.start and _RESPONSE in operand.fields
