"""Take one turn of a chat: who may speak, which model answers, what stops it, and what went wrong.

What most messages do not need, such as the greeting, is imported when one does: a cold process starts sooner.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from .. import session
from ..arguments import is_asked_for, structure
from ..providers.configured import Providers
from ..providers.errors import ModelError, NotOffered
from ..providers.failures import blind
from ..providers.provider import Provider
from ..providers.reasoning import Piece
from ..streaming.reply import Reply
from . import models, stop_key
from .answering import Answering, Fit
from .asking import asking
from .route import Candidate, route

if TYPE_CHECKING:
    from .catalogue import Listed

MAX_ID_CHARS = 100
OLLAMA = "ollama"
CHOSEN = "{model} answers from now on."
UNKNOWN = "No model has a name that begins with {prefix}."
NO_SUCH_WORD = "No model has {word} in its name."
NOT_TEXT = "This chat understands only text: type a message."
# What a model's end means to a person, by the server's word for it.
CUT = {
    "length": "(The answer is cut at its length limit: ask it to go on.)",
    "content_filter": "(The content filter cut the answer here.)",
}


class Turn(ABC):
    """One message from a person, and the reply to it. An action adds `talk`, its way of asking the model.

    Args:
        args: the activation's. `input`, a text; `images`, a list of pictures; `task`, see route.py; `token`,
            of mastrogpt/login; `request`, an id that the client makes up; `stop`, the id of a request to be
            ended instead; `metrics`, whether to give figures, errors and, to `@`, the models as a list; all
            of them may be texts, as a form sends them; and the settings of docs/providers.md, REDIS_URL,
            REDIS_PREFIX and LOGIN_SECRET.
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
        self.providers = Providers(args)

    @abstractmethod
    def talk(self) -> None:
        """Ask the model for `self.choice.prompt`, and write what it answers."""

    def state(self, model: str) -> str:
        """Return what the client is to send with the next message. Called when `self.user` is known."""
        return model

    def take(self) -> None:
        """Do what the message asks for, and say what went wrong if something does."""
        try:
            self.user = session.admitted(self.args)
            self._respond()
        except session.NotAdmitted as error:
            self.reply.first_members |= session.ASK_FOR_LOGIN
            self.reply.say(str(error))
        except ModelError as error:
            self._fail(error)

    def ask(self, fit: Fit, options: Mapping[str, Any]) -> Generator[Piece]:
        """Ask the model and yield its answer, as pairs of kind and text.

        Args:
            fit: what to ask whom.
            options: how to answer.

        Raises:
            ModelError: nobody answers, or somebody not to the end.
        """
        answering = Answering(self.args, self.providers, self.reply, fit, options)
        try:
            yield from answering.pieces(self._candidates())
        finally:
            figures = answering.figures()
            self._report(figures, answering)
        if note := CUT.get(figures.get("done_reason") or ""):
            self.reply.say(note)

    def message(self, provider: Provider, model: str) -> dict[str, Any]:
        """Return what the person says now, for a model that must see its pictures if there are some.

        Raises:
            ModelError: what was sent are not pictures, or the server says that the model cannot see.
        """
        pictures = _pictures(structure(self.args, "images"))
        message: dict[str, Any] = {"role": "user", "content": self.choice.prompt}
        if not pictures:
            return message
        if self._sees(provider, model) is False:
            raise blind(model)
        return {**message, "images": pictures}

    def _sees(self, provider: Provider, model: str) -> bool | None:
        try:
            return provider.sees(asking(provider, self.reply.on_end), model)
        except NotOffered:
            return None

    def _candidates(self) -> list[Candidate]:
        # The default one is nobody's choice, so that it may be routed.
        chosen = "" if self.choice.model == self.providers.default_model else self.choice.model
        return route(self.providers, chosen, self.choice.prompt, self.args)

    def _respond(self) -> None:
        if self.args.get("stop"):
            self.reply.say(stop_key.press(self.args, self.user))
            return
        self._set_model(self.choice.model or self.providers.default_model)
        if not self._is_text:
            self.reply.say(NOT_TEXT)
        elif self.choice.prefix is None and not self.choice.prompt:
            from .greeting import greeting

            candidates = self._candidates()
            # By this a page knows that models can be chosen here, whatever their names look like.
            self._tell({"metrics": {"provider": candidates[0].provider}})
            self.reply.say(greeting(self.providers, candidates))
        else:
            with stop_key.watched(self.args, self.user, self.reply.end):
                self._ask_server()

    def _set_model(self, model: str) -> None:
        self.choice = self.choice._replace(model=model)
        self.reply.first_members["state"] = self.state(model)

    def _ask_server(self) -> None:
        if self.choice.word:
            self._choose_by_word(self.choice.word)
        elif self.choice.prefix is not None:
            self._choose(self.choice.prefix)
        else:
            self.talk()

    def _choose_by_word(self, word: str) -> None:
        if OLLAMA in self.providers.names:
            self._set_model(self.providers.full_name(OLLAMA, models.SHORTCUTS[word]))
            self.talk()
            return
        from .catalogue import catalogue, listing

        listed = catalogue(self.providers, self.reply.on_end)
        chosen = next((name for name in self._known(listed) if word in name.lower()), None)
        if chosen:
            self._set_model(chosen)
            self.talk()
        else:
            self.reply.say(NO_SUCH_WORD.format(word=word))
            self.reply.say(listing(listed, self._current))

    def _choose(self, prefix: str) -> None:
        from .catalogue import catalogue, listing

        listed = catalogue(self.providers, self.reply.on_end)
        known = self._known(listed)
        if is_asked_for(self.args, "metrics"):
            self.reply.members |= {"models": known, "providers": [each.as_member() for each in listed]}
        chosen = models.pick(prefix, known) if prefix else None
        if chosen:
            self._set_model(chosen)
            self.reply.say(CHOSEN.format(model=chosen))
            return
        if prefix and known:
            self.reply.say(UNKNOWN.format(prefix=prefix))
        self.reply.say(listing(listed, self._current))

    @property
    def _current(self) -> str:
        return self.providers.full_name(*self.providers.split(self.choice.model))

    def _known(self, listed: "list[Listed]") -> list[str]:
        return [self.providers.full_name(each.name, model) for each in listed for model in each.models]

    def _report(self, figures: dict[str, Any], answering: Answering) -> None:
        """Hand the figures to a client that asked for them; another would take them for the answer's end."""
        request = self.args.get("request")
        figures["model"] = figures.get("model") or answering.model or self.choice.model
        figures["done_reason"] = figures.get("done_reason") or self.reply.ended or None
        # As far as it fits into a message, and as text that can be written.
        shown = request[:MAX_ID_CHARS].encode(errors="replace").decode() if isinstance(request, str) else None
        self._tell({"metrics": {**figures, "request": shown}})

    def _fail(self, error: ModelError) -> None:
        sentence = self.providers.hide(str(error))
        self.reply.say(sentence)
        self._tell({"error": {"kind": error.kind, "message": sentence, "retry_after_s": error.retry_after_s}})

    def _tell(self, members: dict[str, Any]) -> None:
        if is_asked_for(self.args, "metrics"):
            self.reply.members |= members
            self.reply.last_members |= members


def _pictures(given: Any) -> list[str]:
    if given in (None, "", []):
        return []
    from ..providers.images import images

    return images(given)
