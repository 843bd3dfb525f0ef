"""Greet: say who answers in this chat, or why nobody does.

A page asks for the greeting whenever it is opened, so it costs one small request that loads no model, and at
most PATIENCE_S of time, whatever the server does.
"""

import threading

from ..providers.errors import ModelError
from ..providers.ollama.errors import NotOffered
from ..providers.ollama.exchange import Exchange
from ..providers.ollama.host import OllamaHost
from . import models

PATIENCE_S = 1.0
HINT = "Type a message, or @ to see the models and choose one."
WELCOME = "You are talking to {model}. "
STOOD_IN_FOR = (
    "You are talking to {own_name}, which stands in for {model}. To have {model} itself, install Ollama "
    "(https://ollama.com), run `ollama pull {model}`, and start or deploy this again with OLLAMA_HOST set to "
    "where Ollama runs. "
)
LATE = (
    "You are talking to {model}, but the model server at {address} does not answer now: "
    "it may be busy or starting, so your first message may take a while."
)


def greeting(host: OllamaHost, model: str, exchange: Exchange, patience_s: float = PATIENCE_S) -> str:
    """Return the greeting of a chat with a model.

    Args:
        host: the model server.
        model: the name that messages will be sent to.
        exchange: the question to `models.SHOW` about it, not yet sent; closed at the end.
        patience_s: how long to wait for its answer.
    """
    found: list[str] = []
    # In a thread, because looking up a host's name can take half a minute and cannot be ended.
    asking = threading.Thread(target=lambda: found.append(_greeting(model, exchange)), daemon=True)
    asking.start()
    asking.join(patience_s)
    exchange.close()
    return host.hide(found[0]) if found else LATE.format(model=model, address=host)


def _greeting(model: str, exchange: Exchange) -> str:
    try:
        own_name = models.own_name(exchange.document())
    except NotOffered:
        # A server, or what stands before it, need not tell about models to answer questions.
        own_name = ""
    except ModelError as error:
        return str(error)
    stands_in = own_name and not models.is_same(own_name, model)
    return (STOOD_IN_FOR if stands_in else WELCOME).format(model=model, own_name=own_name) + HINT
