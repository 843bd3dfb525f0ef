"""Foundry Local: OpenAI's protocol, and models that have to be loaded.

Source: microsoft/Foundry-Local, versions 0.3 to 2.2, whose management routes differ.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

from ..settings import setting
from .errors import ModelError
from .openai.provider import OpenAI
from .openai.server import CHAT_PATH, USUAL_PATH
from .provider import Ask, Question, Request
from .server import DEFAULT_PORTS, Server, is_near, read_address

if TYPE_CHECKING:
    from .openai.errors import Told

# Of 1.x and 2.x, then of 0.x.
LOADED = ("/models/loaded", "/openai/loadedmodels")
LOAD = "/models/load/"


class FoundryServer(Server):
    """A Foundry Local at FOUNDRY_HOST; it wants no key."""

    address_setting: ClassVar[str] = "FOUNDRY_HOST"
    key_setting: ClassVar[str] = ""

    @property
    def title(self) -> str:
        return f"Foundry Local at {self}"

    @property
    def how_to_reach(self) -> str:
        return "start it with `foundry server start`; its port changes at each start"


class Foundry(OpenAI):
    """A Foundry Local, which knows a model by its alias only while it loads it."""

    name = "foundry"
    title = "Foundry Local"

    def path(self, model: str) -> str:
        return USUAL_PATH + CHAT_PATH

    def options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        sent = super().options(options)
        if "top_k" in options:
            sent["metadata"] = {"top_k": str(options["top_k"])}
        return sent

    def has_sent(self, option: str, body: Mapping[str, Any]) -> bool:
        return option == "top_k" and "metadata" in body

    def models(self, ask: Ask) -> list[str]:
        """Return what is loaded, and what MODEL names: the catalogue holds all that could be downloaded."""
        loaded = self._loaded(ask)
        return loaded if not self.default_model or self._id_of(loaded) else [self.default_model, *loaded]

    def remedy(self, error: ModelError, question: Question, ask: Ask) -> Question | None:
        """Load a model that is not loaded, and return the question to it by its exact name."""
        if error.kind != "missing":
            return super().remedy(error, question, ask)
        try:
            ask(Request(LOAD + quote(question.model, safe="")))
            model = self._id_of(self._loaded(ask), question.model)
        except ModelError as failure:
            if failure.kind in ("missing", "request", "down"):
                return None
            raise
        if not model or model == question.model:
            return None
        return Question(model, question.messages, question.options, question.without)

    def missing(self, model: str, found: "Told") -> ModelError:
        return ModelError(
            f"The model {model} is not on Foundry Local: `foundry model download {model}`, or type @.",
            "missing",
            brief=f"at {self.server} does not have {model}",
        )

    @property
    def who_stopped(self) -> str:
        return "Foundry Local"

    def _loaded(self, ask: Ask) -> list[str]:
        try:
            loaded = ask(Request(LOADED[0]))
        except ModelError as error:
            if error.kind != "missing":
                raise
            loaded = ask(Request(LOADED[1]))
        listed = cast("list[Any]", loaded) if isinstance(loaded, list) else []
        return [name for name in listed if isinstance(name, str)]

    def _id_of(self, loaded: list[str], model: str = "") -> str:
        """Return the exact name, with its version, of a model by its alias; "" where it is not loaded.

        An alias begins its model's name but for upper and lower case.
        """
        wanted = (model or self.default_model).casefold()
        exact = [name for name in loaded if name.casefold() == wanted]
        return next(iter([*exact, *(name for name in loaded if name.casefold().startswith(wanted))]), "")


def foundry_server(args: Mapping[str, Any]) -> FoundryServer:
    """Read FOUNDRY_HOST: `host:port`, or a URL, of which the path does not count.

    Raises:
        ModelError: the setting is unusable.
    """
    address = read_address(setting(args, "FOUNDRY_HOST"), "FOUNDRY_HOST")
    scheme = address.scheme or ("http" if is_near(address.name) else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError("The scheme of FOUNDRY_HOST is neither http nor https: correct the setting.")
    return FoundryServer(scheme, address.name, address.port or DEFAULT_PORTS[scheme])
