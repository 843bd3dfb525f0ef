"""Choose the model by what a person types: `llama`, `deepseek`, `@` for a list, `@prefix` for one of it."""

import re
from typing import NamedTuple

from ..providers.configured import DEFAULT_MODEL

# What Ollama calls them; of another server it is the first name that holds the word.
SHORTCUTS = {"llama": DEFAULT_MODEL, "deepseek": "deepseek-r1:32b"}
WHO_ARE_YOU = "Who are you?"
# Names as Ollama has them: [host/][namespace/]model[:tag]; those of other servers are like them.
_NAME = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)


class Choice(NamedTuple):
    """What one message means for the choice of the model.

    Attributes:
        model: the model from now on; "" for the default one.
        prompt: what to ask it; "" for nothing.
        prefix: what the wanted model's name begins with, "" for a list of all; None for neither.
        word: what the wanted model's name holds; "" for nothing.
    """

    model: str
    prompt: str = ""
    prefix: str | None = None
    word: str = ""


def choose(text: str, current: str) -> Choice:
    """Read one message, given the model that was chosen before, or what a client claims it to be."""
    model = current if _NAME.fullmatch(current) else ""
    word = text.strip()
    if word.lower() in SHORTCUTS:
        return Choice(model, WHO_ARE_YOU, word=word.lower())
    if word.startswith("@") and len(word.split()) == 1:
        return Choice(model, prefix=word[1:])
    return Choice(model, text if word else "")


def can_be_chosen(name: str) -> bool:
    """Return whether a client may send a name as its state."""
    return bool(_NAME.fullmatch(name))


def pick(prefix: str, known: list[str]) -> str | None:
    """Return the model of that name, or the first whose name begins so, with its provider's or without."""
    if prefix in known:
        return prefix
    begun = (name for name in known if name.startswith(prefix) or name.partition("/")[2].startswith(prefix))
    return next(begun, None)


def is_same(name: str, other: str) -> bool:
    """Return whether two names mean one model: in any case, and with the tag `latest` or without it."""
    return _whole(name) == _whole(other)


def _whole(name: str) -> str:
    return name.lower() if ":" in name.rpartition("/")[2] else f"{name.lower()}:latest"
