"""Ollama's protocol: what is asked, and how its answers are read.

Source: Ollama's api/types.go, ChatRequest, GenerateResponse and ChatResponse, and server/routes.go.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from ..errors import ModelError
from ..failures import blind, refusal, said_in
from ..provider import Ask, Provider, Question, Request, Wire
from .host import OllamaHost
from .wire import OllamaWire

CHAT = "/api/chat"
TAGS = "/api/tags"
SHOW = "/api/show"
CONTEXT_TOKENS = 4096
NO_VISION = "does not support vision"
# Where Ollama's own name for an option differs.
OPTION_NAMES = {"max_tokens": "num_predict"}
# The first such line names the model, in a comment or not; one that begins with / is a file's.
_OWN_NAME = re.compile(r"^(?:# )?FROM ([\w.:@-][\w.:/@-]{0,199})\s*$", re.ASCII | re.MULTILINE)

Shown = dict[str, Any]


class Ollama(Provider):
    """An Ollama, or another server that speaks its protocol."""

    name = "ollama"
    title = "Ollama"

    def __init__(self, server: OllamaHost, default_model: str) -> None:
        super().__init__(server, default_model)

    def chat(self, question: Question) -> Request:
        options = {OPTION_NAMES.get(name, name): value for name, value in question.options.items()}
        body = {"model": question.model, "messages": question.messages, "stream": True}
        return Request(CHAT, {**body, "options": options} if options else body)

    def wire(self) -> Wire:
        return OllamaWire()

    def refused(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        said = said_in(body)
        if status == HTTPStatus.NOT_FOUND and request.model and said:
            return ModelError(
                f"The model {request.model} is not on {self.server}: get it with "
                f"`ollama pull {request.model}`, or type @ to see the models there.",
                "missing",
                brief=f"at {self.server} does not have {request.model}",
            )
        if said.endswith(NO_VISION):
            return blind(request.model)
        return refusal(self.server, status, said)

    def models(self, ask: Ask) -> list[str]:
        catalogue = ask(Request(TAGS))
        entries: Any = cast("Shown", catalogue).get("models") if isinstance(catalogue, dict) else None
        if not isinstance(entries, list):
            raise ModelError(
                "The model server does not list its models as Ollama does: check OLLAMA_HOST.", "down"
            )
        listed = cast("list[Any]", entries)
        named = [cast("Shown", entry).get("name") for entry in listed if isinstance(entry, dict)]
        return [name for name in named if isinstance(name, str)]

    def own_name(self, ask: Ask, model: str) -> str:
        """Return the name that the Modelfile begins with: whoever stands in for a model has one of its own.

        Source: Ollama's server/routes.go, GetModelInfo.
        """
        modelfile = _shown(ask, model).get("modelfile")
        found = _OWN_NAME.search(modelfile) if isinstance(modelfile, str) else None
        return found[1] if found else ""

    def context_tokens(self, ask: Ask, model: str) -> int:
        """Return what Ollama gives a model unless it is told otherwise; the model itself may have less."""
        info: Any = _shown(ask, model).get("model_info")
        fields = cast("Shown", info) if isinstance(info, dict) else {}
        sizes = [size for name, size in fields.items() if name.endswith(".context_length")]
        return min([CONTEXT_TOKENS, *(size for size in sizes if isinstance(size, int) and size > 0)])

    def sees(self, ask: Ask, model: str) -> bool | None:
        abilities: Any = _shown(ask, model).get("capabilities")
        return "vision" in abilities if isinstance(abilities, list) else None


def _shown(ask: Ask, model: str) -> Shown:
    details = ask(Request(SHOW, {"model": model}))
    return cast("Shown", details) if isinstance(details, dict) else {}
