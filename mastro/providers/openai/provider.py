"""OpenAI's protocol: what is asked, and what its errors mean to a person."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..errors import ModelError, NotOffered
from ..failures import OF_THE_PATH, refusal, shown, stopped
from ..provider import Ask, Message, Provider, Question, Request, Wire
from ..server import Server
from .server import CHAT_PATH
from .wire import OpenAIWire

if TYPE_CHECKING:
    from .errors import Told

MODELS = "/models"
OPTIONS = (
    "max_tokens",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
)
TOO_LONG = (
    "The message and what was said before are too long for {model}: start a new chat or choose another model."
)
# Reasoning models take the one, every other server the other.
OTHER_NAMES = {"max_tokens": "max_completion_tokens"}


class OpenAI(Provider):
    """A server that speaks OpenAI's protocol. Its paths follow `server.path`."""

    name = "openai"
    title = "OpenAI-compatible server"

    def __init__(self, server: Server, default_model: str = "") -> None:
        super().__init__(server, default_model)

    def chat(self, question: Question) -> Request:
        body: dict[str, Any] = {
            "model": question.model,
            "stream": True,
            "messages": [_message(message) for message in question.messages],
            "stream_options": {"include_usage": True},
            **self.options(question.options),
        }
        for refused in question.without:
            if refused in body and refused in OTHER_NAMES:
                body[OTHER_NAMES[refused]] = body[refused]
            body.pop(refused, None)
        sent = {*body, *(name for name, other in OTHER_NAMES.items() if other in body)}
        ignored = [name for name in question.options if name not in sent and not self.has_sent(name, body)]
        return Request(self.path(question.model), body, tuple(ignored))

    def path(self, model: str) -> str:
        """Return where a model is asked."""
        return CHAT_PATH

    def options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return those members of a request that say how to answer."""
        return {name: value for name, value in options.items() if name in OPTIONS}

    def has_sent(self, option: str, body: Mapping[str, Any]) -> bool:
        """Return whether a body says an option in other words."""
        return False

    def wire(self) -> Wire:
        return OpenAIWire(self.failed, self.server.address_setting)

    def models(self, ask: Ask) -> list[str]:
        document = ask(Request(MODELS))
        entries: Any = cast("dict[str, Any]", document).get("data", ()) if isinstance(document, dict) else ()
        if entries == ():
            raise ModelError(
                f"{self.server.title} does not list its models: check {self.server.address_setting}.", "down"
            )
        named = [
            cast("dict[str, Any]", entry).get("id")
            for entry in cast("list[Any]", entries or [])
            if isinstance(entry, dict)
        ]
        return [name for name in named if isinstance(name, str)]

    def refused(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        from .errors import told  # only what fails needs it, and a cold process starts sooner

        found = told(status, headers, body)
        model = request.model
        if found.kind == "context":
            return ModelError(TOO_LONG.format(model=model), "context", brief="too long")
        if found.kind == "filter":
            return ModelError(
                f"{self.whose_filter} does not let this message pass: say it differently.", "filter"
            )
        if found.kind == "missing" and model and found.message:
            return self.missing(model, found)
        if found.used_up:
            return self._used_up(found)
        error = refusal(self.server, status, found.message, found.retry_after_s)
        error.refused_option = found.member if found.kind == "request" else ""
        if status not in OF_THE_PATH or not isinstance(error, NotOffered):
            error.kind = found.kind
        return error

    @property
    def whose_filter(self) -> str:
        """Whose content filter it is, at the beginning of a sentence."""
        return "The content filter of the model server"

    def missing(self, model: str, found: "Told") -> ModelError:
        """Return the error for a model that the server does not have."""
        return ModelError(
            f"The model {model} is not on {self.server}: type @ to see the models there.",
            "missing",
            brief=f"at {self.server} does not have {model}",
        )

    def failed(self, error: Any) -> ModelError:
        """Return the error for one that came in place of a part of an answer."""
        from .errors import in_event

        found = in_event(error)
        if found.kind == "context":
            return ModelError(TOO_LONG.format(model="this model"), "context", brief="too long")
        said = found.message or shown(str(error))
        return stopped(said, found.kind, self.who_stopped)

    @property
    def who_stopped(self) -> str:
        """Who stops with an error, at the beginning of a sentence."""
        return "The model"

    def remedy(self, error: ModelError, question: Question, ask: Ask) -> Question | None:
        """Return the question without the one member that the server does not take."""
        refused = error.refused_option
        if not refused or refused in question.without or refused in ("model", "messages", "stream"):
            return None
        return Question(question.model, question.messages, question.options, (*question.without, refused))

    def _used_up(self, found: "Told") -> ModelError:
        return ModelError(
            f"The quota of {self.server.name_in_text} is used up: raise it, or choose another model with @.",
            "busy",
            retry_after_s=found.retry_after_s,
            brief="has used up its quota",
        )


def _message(message: Message) -> Message:
    images = message.get("images")
    if not images:
        return {"role": message["role"], "content": message["content"]}
    from ..images import data_url

    pictures = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in images]
    return {"role": message["role"], "content": [{"type": "text", "text": message["content"]}, *pictures]}
