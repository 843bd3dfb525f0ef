"""Take one turn of a chat: who may speak, which model answers, what stops it, and what went wrong."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

from .. import session
from ..arguments import is_asked_for
from ..providers.errors import ModelError
from ..providers.ollama.answer import Answer
from ..providers.ollama.exchange import Exchange
from ..providers.ollama.host import OllamaHost, ollama_host
from ..providers.reasoning import OUTPUT, Piece
from ..streaming.reply import Reply
from . import models, stop_key
from .greeting import greeting

MAX_ID_CHARS = 100
CHOSEN = "{model} answers from now on."
UNKNOWN = "No model has a name that begins with {prefix}."
NOT_TEXT = "This chat understands only text: type a message."
NOTHING_SAID = "The model returned an empty answer: ask in other words."
CUT_OFF = "The model server ended the answer before it was whole: ask again."


class Turn(ABC):
    """One message from a person, and the reply to it. An action adds `talk`, its way of asking the model.

    Args:
        args: the activation's. `input`, a text; `token`, of mastrogpt/login; `request`, an id that the client
            makes up; `stop`, the id of a request to be ended instead; `metrics`, whether to give figures and,
            to `@`, the models as a list; all of them may be texts, as a form sends them;
            and the settings OLLAMA_HOST, OLLAMA_PROTO, AUTH, REDIS_URL, REDIS_PREFIX and LOGIN_SECRET.
        reply: where the answer goes.
        model: the model that an earlier turn chose, as the client says.
    """

    def __init__(self, args: Mapping[str, Any], reply: Reply, model: str) -> None:
        given = args.get("input") or ""
        self.args = args
        self.reply = reply
        self.user = ""
        self._is_text = isinstance(given, str)
        self.choice = models.choose(given if isinstance(given, str) else "", model)
        self._host: OllamaHost | None = None

    @abstractmethod
    def talk(self) -> None:
        """Ask the model for `self.choice.prompt`, and write what it answers."""

    def state(self, model: str) -> str:
        """Return what the client is to send with the next message. Called when `self.user` is known."""
        return model

    @property
    def host(self) -> OllamaHost:
        """The model server; ModelError when the settings name none."""
        self._host = self._host or ollama_host(self.args)
        return self._host

    def take(self) -> None:
        """Do what the message asks for, and say what went wrong if something does."""
        try:
            self.user = session.admitted(self.args)
            self._respond()
        except session.NotAdmitted as error:
            self.reply.first_members |= session.ASK_FOR_LOGIN
            self.reply.say(str(error))
        except ModelError as error:
            self.reply.say(self._host.hide(str(error)) if self._host else str(error))

    def ask(self, path: str, body: dict[str, Any]) -> Generator[Piece]:
        """Ask the model and yield its answer, as pairs of kind and text.

        Raises:
            ModelError: it does not answer, or not to the end.
        """
        exchange, answer = self._exchange(path, body), Answer()
        is_empty = True
        try:
            with closing(exchange.batches()) as batches, closing(self.reply.paced(batches)) as paced:
                for piece in answer.pieces(paced):
                    is_empty = is_empty and piece[0] != OUTPUT
                    yield piece
        finally:
            self._report(answer)
        if not answer.is_whole:
            raise ModelError(CUT_OFF)
        if is_empty:
            raise ModelError(NOTHING_SAID)

    def document(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the model server something that it answers in one piece of JSON."""
        return self._exchange(path, body).document()

    def _respond(self) -> None:
        if self.args.get("stop"):
            self.reply.say(stop_key.press(self.args, self.user))
            return
        self.reply.first_members["state"] = self.state(self.choice.model)
        if not self._is_text:
            self.reply.say(NOT_TEXT)
        elif self.choice.prefix is None and not self.choice.prompt:
            asked = self._exchange(models.SHOW, {"model": self.choice.model})
            self.reply.say(greeting(self.host, self.choice.model, asked))
        else:
            with stop_key.watched(self.args, self.user, self.reply.end):
                self._ask_server()

    def _ask_server(self) -> None:
        if self.choice.prefix is None:
            self.talk()
        else:
            self._choose(self.choice.prefix)

    def _choose(self, prefix: str) -> None:
        known = models.names(self.document(models.TAGS))
        if is_asked_for(self.args, "metrics"):
            self.reply.members["models"] = known
        chosen = models.pick(prefix, known) if prefix else None
        if chosen:
            self.reply.first_members["state"] = self.state(chosen)
            self.reply.say(CHOSEN.format(model=chosen))
        else:
            if prefix:
                self.reply.say(UNKNOWN.format(prefix=prefix))
            self.reply.say(models.listing(known, self.choice.model))

    def _exchange(self, path: str, body: dict[str, Any] | None) -> Exchange:
        exchange = Exchange(self.host, path, body)
        self.reply.on_end(exchange.close)
        return exchange

    def _report(self, answer: Answer) -> None:
        """Hand the figures to a client that asked for them; another would take them for the answer's end."""
        if is_asked_for(self.args, "metrics"):
            figures, request = answer.figures(), self.args.get("request")
            figures["model"] = figures["model"] or self.choice.model
            figures["done_reason"] = figures["done_reason"] or self.reply.ended or None
            # As far as it fits into a message, and as text that can be written.
            shown = (
                request[:MAX_ID_CHARS].encode(errors="replace").decode() if isinstance(request, str) else None
            )
            metrics = {"metrics": {**figures, "request": shown}}
            self.reply.members |= metrics
            self.reply.last_members |= metrics
