"""Find the model servers that the settings name; what is not named is not even imported."""

from collections.abc import Callable, Mapping
from typing import Any

from ..settings import setting
from .errors import ModelError
from .provider import Provider

LOCAL = "local"
DEFAULT_MODEL = "llama3.1:8b"


def _ollama(args: Mapping[str, Any], model: str) -> Provider:
    from .ollama.host import ollama_host
    from .ollama.provider import Ollama

    return Ollama(ollama_host(args), model or DEFAULT_MODEL)


def _foundry(args: Mapping[str, Any], model: str) -> Provider:
    from .foundry import Foundry, foundry_server

    return Foundry(foundry_server(args), model)


def _openai(args: Mapping[str, Any], model: str) -> Provider:
    from .openai.provider import OpenAI
    from .openai.server import openai_server

    return OpenAI(openai_server(args), model)


def _azure(args: Mapping[str, Any], _: str) -> Provider:
    from .azure import Azure, azure_server

    return Azure(azure_server(args))


# By the setting that says where it is; the first that is set answers unless another is chosen.
_KINDS: dict[str, tuple[str, Callable[[Mapping[str, Any], str], Provider]]] = {
    "ollama": ("OLLAMA_HOST", _ollama),
    "foundry": ("FOUNDRY_HOST", _foundry),
    "openai": ("BASE_URL", _openai),
    "azure": ("AZURE_OPENAI_ENDPOINT", _azure),
}


class Providers:
    """The model servers of one activation.

    Attributes:
        names: of those that are configured, the default one first: the one that MODEL names before a slash,
            else the first that is set. Without any it is Ollama, which then says what to set.
    """

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._args = args
        self._known: dict[str, Provider] = {}
        self.names = [name for name, (place, _) in _KINDS.items() if setting(args, place)] or ["ollama"]
        named, slash, _ = setting(args, "MODEL").partition("/")
        if slash and named in self.names:
            self.names.sort(key=lambda name: name != named)

    @property
    def default(self) -> str:
        """The name of the one that answers unless another is chosen."""
        return self.names[0]

    @property
    def default_model(self) -> str:
        """The model that answers unless another is chosen; "" where no setting names it."""
        try:
            return self.get(self.default).default_model
        except ModelError:
            return ""  # whoever asks it says what is wrong

    def get(self, name: str) -> Provider:
        """Return the provider of a name.

        Raises:
            ModelError: a setting of it is missing or unusable.
        """
        if name not in self._known:
            try:
                self._known[name] = _KINDS[name][1](self._args, self._model_of(name))
            except ModelError as error:
                error.kind, error.brief = "down", "is not set up as it must be"
                raise
        return self._known[name]

    def local(self) -> str | None:
        """Return the name of the first one that keeps what is said on this machine."""
        for name in self.names:
            try:
                if self.get(name).is_local:
                    return name
            except ModelError:
                continue  # whoever asks it says what is wrong
        return None

    def hide(self, text: str) -> str:
        """Return a text with every secret that was used blotted out."""
        for provider in self._known.values():
            text = provider.server.hide(text)
        return text

    def split(self, model: str) -> tuple[str, str]:
        """Return the provider that a model's name means, and the model's own name there.

        A prefix counts only where that provider is configured: a name of Ollama's may hold a slash too.
        """
        prefix, slash, name = model.partition("/")
        return (prefix, name) if slash and prefix in self.names else (self.default, model)

    def full_name(self, name: str, model: str) -> str:
        """Return a model's name with its provider's before it, where there are several."""
        return f"{name}/{model}" if len(self.names) > 1 else model

    def _model_of(self, name: str) -> str:
        """Return what MODEL says for a provider: with a prefix it is meant for that one only."""
        given = setting(self._args, "MODEL")
        prefix, slash, model = given.partition("/")
        if slash and prefix in _KINDS:
            return model if prefix == name else ""
        takes = name != "ollama" or not {"foundry", "openai"}.intersection(self.names)
        return given if takes else ""
