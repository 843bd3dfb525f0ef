"""The OpenAI-compatible routes: /v1/models, /v1/chat/completions, /v1/completions.

Source: ollama openai/openai.go:549 and on, middleware/openai.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localops.ollama.answering import Answering
from localops.ollama.asks import MAX_TOP_LOGPROBS, Request, Route, format_of, top_logprobs_of
from localops.ollama.catalog import Catalog
from localops.ollama.engine import Ask, Message
from localops.ollama.errors import BadRequest, quoted
from localops.ollama.godecode import Fields, decode, kind
from localops.ollama.model import Model
from localops.ollama.openai_events import ChatEvents, TextEvents
from localops.ollama.options import Options
from localops.ollama.wire import JSONAnswer

_DEFAULTS = Options(temperature=1.0, top_p=1.0)
_EFFORTS: dict[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
    "xhigh": "max",
    "ultra": "max",
}


class OpenAIModels:
    """/v1/models and /v1/models/{name}."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def list(self, _: HTTPRequest) -> Response:
        """List all models; `data` is null when there are none, as in Ollama."""
        data = [_model(model, model.name) for model in self._catalog.newest_first()]
        return JSONAnswer({"object": "list", "data": data or None})

    async def one(self, request: HTTPRequest) -> Response:
        """Tell about one model.

        Raises:
            ModelNotFound: no such model.
        """
        name = str(request.path_params["name"])
        return JSONAnswer(_model(self._catalog.find(name), name))


class ChatCompletions:
    """The ASGI application of /v1/chat/completions."""

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = decode(await HTTPRequest(scope, receive).body(), "ChatCompletionRequest")
        items = fields.structs("messages", "openai.Message")
        if not items:
            raise BadRequest("[] is too short - 'messages'")
        model = find_model(fields, self._catalog, "chat")
        ask = Ask(
            model=model,
            messages=tuple(Message(item.text("role"), _content(item)) for item in items),
            options=_options(fields),
            think=think_of(_effort(fields), fields.text("model"), model),
            format=_format(fields),
            top_logprobs=top_logprobs_of(fields),
        )
        request = _request(fields, self._catalog, ask)
        await self._answering.answer(request, ChatEvents(request, _usage_wanted(fields)), receive, send)


class Completions:
    """The ASGI application of /v1/completions."""

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = decode(await HTTPRequest(scope, receive).body(), "CompletionRequest")
        model = find_model(fields, self._catalog, "generate")
        ask = Ask(
            model=model,
            messages=(Message("user", fields.text("prompt")),),
            options=_options(fields),
            think=False,
            top_logprobs=_top_logprobs(fields),
            ends_repetition=True,
        )
        request = _request(fields, self._catalog, ask)
        await self._answering.answer(request, TextEvents(request, _usage_wanted(fields)), receive, send)


def _model(model: Model, name: str) -> dict[str, Any]:
    created = model.modified_ns // 1_000_000_000
    return {"id": name, "object": "model", "created": created, "owned_by": "library"}


def find_model(fields: Fields, catalog: Catalog, route: Route) -> Model:
    """Return the model that is asked for something it can do.

    Raises:
        RequestFailure: no name, no such model, or it cannot do that.
    """
    name = fields.text("model")
    if not name:
        raise BadRequest("model is required")
    model = catalog.find(name)
    wanted = {
        route: not model.can("completion"),
        "tools": bool(fields.items("tools", "api.Tool")),
        "insert": bool(fields.text("suffix")),
    }
    if lacking := next((what for what, is_lacking in wanted.items() if is_lacking), None):
        raise BadRequest(f'"{name}" does not support {lacking}')
    return model


def _request(fields: Fields, catalog: Catalog, ask: Ask) -> Request:
    return Request(
        ask=ask,
        answer_name=catalog.answer_name(fields.text("model")),
        stream=fields.flag("stream") or False,
        keep_alive_s=catalog.keep_alive_s,
        empty=False,
    )


def _options(fields: Fields) -> Options:
    given: dict[str, Any] = {
        "temperature": fields.number("temperature"),
        "top_p": fields.number("top_p"),
        "seed": fields.integer("seed"),
        "num_predict": fields.integer("max_tokens"),
        "presence_penalty": fields.number("presence_penalty"),
        "frequency_penalty": fields.number("frequency_penalty"),
    }
    return _DEFAULTS.with_values({**given, "stop": _stops(fields.values.get("stop"))})


def _top_logprobs(fields: Fields) -> int | None:
    """Read the number that `logprobs` is in /v1/completions."""
    top = fields.integer("logprobs") or 0
    if top > MAX_TOP_LOGPROBS:
        raise BadRequest(f"top_logprobs must be between 0 and {MAX_TOP_LOGPROBS}")
    return top if top > 0 else None


def _stops(stop: Any) -> list[str]:
    """Read a text, or a list of texts; anything else is left out, as in Ollama."""
    if not isinstance(stop, list):
        return [stop] if isinstance(stop, str) else []
    texts = cast("list[Any]", stop)
    odd = next((text for text in texts if not isinstance(text, str)), "")
    if odd != "":
        raise BadRequest(f"invalid type for 'stop' field: {kind(odd)}")
    return texts


def _content(item: Fields) -> str:
    """Return a message's text; a list of parts may hold nothing but text."""
    content = item.values.get("content")
    if not isinstance(content, list):
        return item.text("content")
    parts = item.structs("content", "map[string]interface {}")
    if any(part.text("type") != "text" for part in parts):
        raise BadRequest("invalid message format: this server reads text parts only")
    return "".join(part.text("text") for part in parts)


def think_of(effort: str, name: str, model: Model) -> bool | str | None:
    """Return whether, or how much, a model is to think.

    Raises:
        BadRequest: no such effort, or the model does not think.
    """
    if not effort:
        return True if model.can("thinking") else None
    if effort not in _EFFORTS:
        known = ", ".join(f'"{name}"' for name in _EFFORTS)
        raise BadRequest(f"invalid reasoning value: {quoted(effort)} (must be {known})")
    think = _EFFORTS[effort]
    if think and not model.can("thinking"):
        raise BadRequest(f'"{name}" does not support thinking')
    return think


def _effort(fields: Fields) -> str:
    return fields.text("reasoning_effort") or fields.struct("reasoning").text("effort")


def _format(fields: Fields) -> str | Mapping[str, Any] | None:
    wanted = fields.struct("response_format")
    kind = wanted.text("type")
    if kind == "json_object":
        return "json"
    return format_of(wanted.struct("json_schema").values.get("schema")) if kind == "json_schema" else None


def _usage_wanted(fields: Fields) -> bool:
    return fields.struct("stream_options").flag("include_usage") or False
