"""What a chat wants from a model server, whatever protocol it speaks.

A further kind of server is one file with a Provider, and one line in configured.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .errors import ModelError
from .reasoning import Piece
from .server import Server

# `role`, `content`, and perhaps `images`: a list of Base64 texts.
Message = dict[str, Any]


class Question(NamedTuple):
    """What is asked, in the same words for every server.

    Attributes:
        options: how to answer, by the names that most servers use, such as `max_tokens`.
        without: members that the server has refused.
    """

    model: str
    messages: list[Message]
    options: Mapping[str, Any] = MappingProxyType({})
    without: tuple[str, ...] = ()


class Request(NamedTuple):
    """One request, in a server's own words.

    Attributes:
        body: sent as JSON with POST; without it the request is a GET.
        ignored: the options that this server does not have.
    """

    path: str
    body: Mapping[str, Any] | None = None
    ignored: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that is asked for, or ""."""
        return str((self.body or {}).get("model", ""))


# Asks a server for a JSON document; a ModelError when it does not give one.
Ask = Callable[[Request], Any]


class Wire(ABC):
    """Reads one answer from its lines.

    Attributes:
        is_whole: whether the model said that it is done; an answer that ends without was cut off.
        is_over: whether nothing more is to be read.
        figures: `model`, `tokens`, `prompt_tokens`, `tokens_per_s`, `done_reason`, as far as the server says.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self.is_over = False
        self.figures: dict[str, Any] = {}

    @abstractmethod
    def read(self, lines: list[bytes]) -> tuple[list[Piece], ModelError | None]:
        """Return what the lines say, joined in runs of one kind, and the error that ended it if any."""

    def end(self) -> tuple[list[Piece], ModelError | None]:
        """Return what only the end of the answer makes certain."""
        return [], None


class Provider(ABC):
    """A model server and its protocol.

    Attributes:
        name: what stands before a model's name: `ollama` in `ollama/llama3.1:8b`.
        title: what people call it.
        server: where it is.
        default_model: the model that answers when none is chosen; "" for the first that the server lists.
    """

    name: str
    title: str

    def __init__(self, server: Server, default_model: str = "") -> None:
        self.server = server
        self.default_model = default_model

    @property
    def is_local(self) -> bool:
        """Whether what is said to it stays on this machine."""
        return self.server.is_local

    @abstractmethod
    def chat(self, question: Question) -> Request:
        """Return the request for an answer that streams."""

    @abstractmethod
    def wire(self) -> Wire:
        """Return the reader of one answer."""

    @abstractmethod
    def refused(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """Return the error for an answer with a status other than 200; secrets may still be in it."""

    @abstractmethod
    def models(self, ask: Ask) -> list[str]:
        """Return the names of the models that can be chosen; nothing is loaded for it.

        Raises:
            ModelError: the server does not tell.
        """

    def models_when_there(self, ask: Ask) -> list[str]:
        """Return `models`, having asked the server at any rate.

        Raises:
            ModelError: it does not answer, or refuses the key.
        """
        return self.models(ask)

    def own_name(self, ask: Ask, model: str) -> str:
        """Return what the model that answers under a name is called; "" where the server does not tell.

        Asked to see that the server is there at all, before anything is said.

        Raises:
            ModelError: it cannot be asked.
        """
        self.models(ask)
        return ""

    def context_tokens(self, ask: Ask, model: str) -> int | None:
        """Return how many tokens a model is told at most; None where the server itself sees to it."""
        return None

    def sees(self, ask: Ask, model: str) -> bool | None:
        """Return whether a model takes pictures; None where the server does not tell."""
        return None

    def remedy(self, error: ModelError, question: Question, ask: Ask) -> Question | None:
        """Return the question as it may be asked once more after an error; None for not at all."""
        return None
