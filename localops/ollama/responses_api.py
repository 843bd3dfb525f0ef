"""POST /v1/responses: OpenAI's newer form of a chat, for text.

Source: ollama openai/responses.go (FromResponsesRequest and the types above it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from starlette.requests import Request as HTTPRequest
from starlette.types import Receive, Scope, Send

from localops.ollama.answering import Answering
from localops.ollama.asks import Request, format_of
from localops.ollama.catalog import Catalog
from localops.ollama.engine import Ask, Message
from localops.ollama.errors import BadRequest, quoted
from localops.ollama.godecode import Fields, decode, kind
from localops.ollama.openai_api import find_model, think_of
from localops.ollama.options import Options
from localops.ollama.responses_events import Echo, ResponseEvents

_GO_TYPE = "ResponsesRequest"
_TEXT_TYPES = ("input_text", "output_text")
# OpenAI's default; `top_p` keeps Ollama's own there.
_DEFAULTS = Options(temperature=1.0)


class Responses:
    """The ASGI application of /v1/responses."""

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = decode(await HTTPRequest(scope, receive).body(), _GO_TYPE)
        request = _request(fields, self._catalog)
        await self._answering.answer(request, ResponseEvents(request, _echo(fields)), receive, send)


def _request(fields: Fields, catalog: Catalog) -> Request:
    messages = (*_instructions(fields), *_messages(fields))
    name = fields.text("model")
    model = find_model(fields, catalog, "chat")
    ask = Ask(
        model=model,
        messages=messages,
        options=_options(fields),
        think=think_of(fields.struct("reasoning").text("effort"), name, model),
        format=_format(fields),
    )
    return Request(
        ask=ask,
        answer_name=catalog.answer_name(name),
        stream=fields.flag("stream") or False,
        keep_alive_s=catalog.keep_alive_s,
        empty=not messages,
    )


def _options(fields: Fields) -> Options:
    given = {
        "temperature": fields.number("temperature"),
        "top_p": fields.number("top_p"),
        "num_predict": fields.integer("max_output_tokens"),
    }
    return _DEFAULTS.with_values(given)


def _format(fields: Fields) -> Any:
    wanted = fields.struct("text").struct("format")
    return format_of(wanted.values.get("schema")) if wanted.text("type") == "json_schema" else None


def _instructions(fields: Fields) -> tuple[Message, ...]:
    instructions = fields.text("instructions")
    return (Message("system", instructions),) if instructions else ()


def _messages(fields: Fields) -> list[Message]:
    """Read `input`: a text, or items of a conversation."""
    given = fields.values.get("input")
    if given is None or isinstance(given, str):
        return [Message("user", given)] if given else []
    if not isinstance(given, list):
        raise BadRequest(f"input must be a string or array: it is of type {kind(given)}")
    messages: list[Message] = []
    thinking = ""
    for place, item in enumerate(_structs(cast("list[Any]", given), "input")):
        read = _item(item, fields.text("model"), f"input[{place}]")
        if isinstance(read, str):
            thinking = read
        elif read is not None:
            thought = thinking if read.role == "assistant" else ""
            thinking = "" if thought else thinking
            messages.append(read._replace(thinking=thought))
    return [*messages, Message("assistant", "", thinking)] if thinking else messages


def _item(item: Fields, model_name: str, place: str) -> Message | str | None:
    """Return a message, the reasoning before the next one, or None for what the model is not shown."""
    match item.text("type") or ("message" if item.text("role") else ""):
        case "message":
            return Message(item.text("role"), _content(item, model_name, place))
        case "reasoning":
            return item.text("encrypted_content")
        case "web_search_call":
            return None
        case "function_call" | "function_call_output":
            raise BadRequest(f'"{model_name}" does not support tools')
        case "":
            raise BadRequest(f"{place}: input item missing required 'type' field")
        case other:
            raise BadRequest(f"{place}: unknown input item type: {quoted(other)}")


def _content(item: Fields, model_name: str, place: str) -> str:
    content = item.values.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise BadRequest(f"{place}: content must be a string or array: it is of type {kind(content)}")
    parts = _structs(cast("list[Any]", content), f"{place}: content")
    return "".join(_part(part, model_name, f"{place}: content[{index}]") for index, part in enumerate(parts))


def _part(part: Fields, model_name: str, place: str) -> str:
    what = part.text("type")
    if what in _TEXT_TYPES:
        return part.text("text")
    if what == "input_file":
        raise BadRequest("file inputs are not currently supported")
    if what != "input_image":
        raise BadRequest(f"{place}: unknown content type: {quoted(what)[1:-1]}")
    if part.text("image_url"):
        raise BadRequest(f'"{model_name}" does not support vision')
    return ""  # Ollama passes over an image that is not sent along


def _structs(items: Sequence[Any], place: str) -> list[Fields]:
    odd = next((index for index, item in enumerate(items) if not isinstance(item, dict)), None)
    if odd is not None:
        raise BadRequest(
            f"{place}[{odd}]: json: cannot unmarshal {kind(items[odd])} into Go value of a struct"
        )
    return [Fields(_GO_TYPE, item, f"{place}.") for item in items]


def _echo(fields: Fields) -> Echo:
    """Return what the answer repeats of the request; a request with tools is refused."""
    wanted, reasoning = fields.struct("text").struct("format"), fields.struct("reasoning")
    members = ("type", "name", "schema", "strict")
    effort, summary = reasoning.text("effort"), reasoning.text("summary")
    return Echo(
        instructions=fields.text("instructions") or None,
        truncation=fields.text("truncation") or "disabled",
        text_format={name: wanted.values[name] for name in members if wanted.has(name)} or {"type": "text"},
        top_p=_or_one(fields.number("top_p")),
        temperature=_or_one(fields.number("temperature")),
        reasoning={"effort": effort or None, "summary": summary or None} if effort or summary else None,
        max_output_tokens=fields.integer("max_output_tokens"),
        background=fields.flag("background") or False,
    )


def _or_one(value: float | None) -> float:
    return 1.0 if value is None else value
