"""Greet: say who answers in this chat, or why nobody does.

A page asks for the greeting whenever it is opened, so it costs one small request that loads no model, and at
most PATIENCE_S of time, whatever the server does.
"""

import threading

from ..providers.configured import Providers
from ..providers.errors import ModelError, NotOffered
from ..providers.exchange import Exchange
from ..providers.provider import Provider, Request
from . import models
from .route import Candidate

PATIENCE_S = 1.0
HINT = "Type a message, or @ to see the models and choose one."
WELCOME = "You are talking to {model}. "
STOOD_IN_FOR = (
    "You are talking to {own_name}, which stands in for {model}. To have {model} itself, install Ollama "
    "(https://ollama.com), run `ollama pull {model}`, and start or deploy this again with OLLAMA_HOST set to "
    "where Ollama runs. "
)
LATE = (
    "You are talking to {model}, but {server} does not answer now: "
    "it may be busy or starting, so your first message may take a while."
)
NO_MODEL_YET = "Type a message to ask whatever runs at {server}, or @ to see its models and choose one."
UNTIL_THEN = " Until then {title} answers."


def greeting(providers: Providers, candidates: list[Candidate], patience_s: float = PATIENCE_S) -> str:
    """Return the greeting of a chat.

    Args:
        candidates: who would be asked, the first first.
        patience_s: how long to wait for the first one's server.
    """
    first, *others = candidates
    provider = providers.get(first.provider)
    model = first.model or provider.default_model
    look = _Look(provider, model, providers.full_name(first.provider, model))
    text = providers.hide(look.within(patience_s))
    if look.fault and others:
        text += UNTIL_THEN.format(title=others[0].title)
    return text


class _Look:
    """A look at a server.

    Attributes:
        fault: why it cannot answer; "" while that is not known.
    """

    def __init__(self, provider: Provider, model: str, full_name: str) -> None:
        self.fault = ""
        self._provider = provider
        self._model = model
        self._full_name = full_name
        self._exchanges: list[Exchange] = []
        self._found: list[str] = []

    def within(self, patience_s: float) -> str:
        """Return what is to be said, after so long at most."""
        # In a thread, because looking up a host's name can take half a minute and cannot be ended.
        looking = threading.Thread(target=lambda: self._found.append(self._text()), daemon=True)
        looking.start()
        looking.join(patience_s)
        found = list(self._found)  # before the end of the request makes its thread say something else
        for exchange in self._exchanges:
            exchange.close()
        if found:
            return found[0]
        title = self._provider.server.title
        return LATE.format(model=self._full_name, server=title[0].lower() + title[1:])

    def _ask(self, request: Request) -> object:
        exchange = Exchange(self._provider, request)
        self._exchanges.append(exchange)
        return exchange.document()

    def _text(self) -> str:
        try:
            own_name = self._provider.own_name(self._ask, self._model)
        except NotOffered:
            # A server, or what stands before it, need not tell about models to answer questions.
            own_name = ""
        except ModelError as error:
            self.fault = str(error)
            return self.fault
        if not self._model:
            return NO_MODEL_YET.format(server=self._provider.server)
        stands_in = own_name and not models.is_same(own_name, self._model)
        text = STOOD_IN_FOR if stands_in else WELCOME
        return text.format(model=self._full_name, own_name=own_name) + HINT
