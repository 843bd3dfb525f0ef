"""The bodies of /api/generate and /api/chat, checked and turned into what an engine is asked.

Source: ollama api/types.go:62-230, server/routes.go:248-480 and 2440-2560.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from localops.ollama import keep_alive
from localops.ollama.catalog import Catalog
from localops.ollama.continuation import continued
from localops.ollama.engine import Ask, Message
from localops.ollama.errors import BadRequest, ModelNotFound, RequestFailure
from localops.ollama.godecode import Fields, decode
from localops.ollama.model import Model
from localops.ollama.options import Options
from localops.ollama.prompt_template import rendered

Route = Literal["generate", "chat"]
MAX_TOP_LOGPROBS = 20
_LEVELS = ("high", "medium", "low", "max")


@dataclass(frozen=True)
class Request:
    """A request as the server carries it.

    Attributes:
        ask: for the engine.
        answer_name: what the answer's `model` says.
        stream: lines as they come, or one object.
        keep_alive_s: how long the model stays loaded afterwards.
        empty: nothing to answer, only load the model, or unload it when `keep_alive_s` is 0.
        continues: whether the answer carries a `context`.
    """

    ask: Ask
    answer_name: str
    stream: bool
    keep_alive_s: float
    empty: bool = field(default=False)
    continues: bool = field(default=False)


def read_generate(body: bytes, catalog: Catalog) -> Request:
    """Read the body of /api/generate.

    Raises:
        RequestFailure: with Ollama's status and text.
    """
    fields = decode(body, "GenerateRequest")
    name = fields.text("model")
    if not name:
        raise ModelNotFound("")
    model = catalog.find(name)
    prompt, system = fields.text("prompt"), fields.text("system")
    raw = fields.flag("raw") or False
    template, context = fields.text("template"), fields.integers("context")
    _refuse_unsupported("generate", name, model)
    if raw and (template or system or context):
        raise BadRequest("raw mode does not support template, system, or context")
    if fields.text("suffix"):
        raise BadRequest(f'"{name}" does not support insert')
    _check_images(fields, name)
    history, tokens = continued(context)
    opening = (Message("system", system),) if system else ()
    messages = (*opening, *history, Message("user", prompt))
    think = _think(fields, name, model)
    written = rendered(template, messages, think) if template and prompt else None
    ask = Ask(
        model=model,
        messages=messages,
        raw=prompt if raw else written,
        before=tokens,
        options=_options(fields),
        think=think,
        format=format_of(fields.values.get("format")),
        top_logprobs=top_logprobs_of(fields),
        truncate=fields.flag("truncate") is not False,
        ends_repetition=True,
    )
    return _request(fields, catalog, ask, empty=not prompt, continues=not raw and bool(prompt))


def read_chat(body: bytes, catalog: Catalog) -> Request:
    """Read the body of /api/chat.

    Raises:
        RequestFailure: with Ollama's status and text.
    """
    fields = decode(body, "ChatRequest")
    name = fields.text("model")
    if not name:
        raise BadRequest("model is required")
    model = catalog.find(name)
    _refuse_unsupported("chat", name, model)
    if fields.items("tools", "api.Tool"):
        raise BadRequest(f'"{name}" does not support tools')
    messages = tuple(_message(item, name) for item in fields.structs("messages", "api.Message"))
    ask = Ask(
        model=model,
        messages=messages,
        options=_options(fields),
        think=_think(fields, name, model),
        format=format_of(fields.values.get("format")),
        top_logprobs=top_logprobs_of(fields),
        truncate=fields.flag("truncate") is not False,
    )
    return _request(fields, catalog, ask, empty=not messages)


def _request(fields: Fields, catalog: Catalog, ask: Ask, *, empty: bool, continues: bool = False) -> Request:
    stream = fields.flag("stream")
    return Request(
        ask=ask,
        answer_name=catalog.answer_name(fields.text("model")),
        stream=True if stream is None else stream,
        keep_alive_s=keep_alive.seconds(fields.values.get("keep_alive"), catalog.keep_alive_s),
        empty=empty,
        continues=continues,
    )


def _message(item: Fields, name: str) -> Message:
    _check_images(item, name)
    return Message(item.text("role"), item.text("content"), item.text("thinking"))


def _options(fields: Fields) -> Options:
    return Options().with_values(fields.mapping("options"))


def _refuse_unsupported(route: Route, name: str, model: Model) -> None:
    if not model.can("completion"):
        raise BadRequest(f'"{name}" does not support {route}')


def top_logprobs_of(fields: Fields) -> int | None:
    """Read `logprobs` and `top_logprobs`: how many alternatives are wanted; None without `logprobs`.

    Raises:
        BadRequest: more than 20.
    """
    top = fields.integer("top_logprobs") or 0
    if not 0 <= top <= MAX_TOP_LOGPROBS:
        raise BadRequest(f"top_logprobs must be between 0 and {MAX_TOP_LOGPROBS}")
    return top if fields.flag("logprobs") else None


def _check_images(fields: Fields, name: str) -> None:
    images = fields.items("images", "api.ImageData")
    for image in images:
        try:
            base64.b64decode(image, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise BadRequest("illegal base64 data in an image") from error
    if images:
        raise BadRequest(f'"{name}" does not support vision')


def _think(fields: Fields, name: str, model: Model) -> bool | str | None:
    value = fields.values.get("think")
    if value is not None and not isinstance(value, bool) and value not in _LEVELS:
        levels = ", ".join(f'"{level}"' for level in _LEVELS)
        raise BadRequest(f"invalid think value: {json.dumps(value)} (must be {levels}, true, or false)")
    if value and not model.can("thinking"):
        raise BadRequest(f'"{name}" does not support thinking')
    return True if value is None and model.can("thinking") else value


def format_of(value: Any) -> str | Mapping[str, Any] | None:
    """Read the value of `format`: "json", a JSON schema, or null and "" for none.

    Raises:
        RequestFailure: anything else, status 500 as in Ollama.
    """
    if value is None or value == "":
        return None
    if value == "json" or isinstance(value, dict):
        return cast("str | Mapping[str, Any]", value)
    raise RequestFailure(f'invalid format: {json.dumps(value)}; expected "json" or a JSON Schema')
