"""Choose the model by what a person types: `llama`, `deepseek`, `@` for a list, `@prefix` to pick one of it.

Shared by copy: edit packages/chat/stateless/models.py only, then run `python3 -m localops sync`.
"""

import re
from dataclasses import dataclass
from typing import Any, cast

from ollama_host import ModelError

DEFAULT_MODEL = "llama3.1:8b"
SHORTCUTS = {"llama": DEFAULT_MODEL, "deepseek": "deepseek-r1:32b"}
WHO_ARE_YOU = "Who are you?"
TAGS = "/api/tags"
# Names as Ollama has them: [host/][namespace/]model[:tag].
_NAME = re.compile(r"[\w.:/@-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class Choice:
    """What one message means for the choice of the model.

    Attributes:
        model: the model from now on.
        prompt: what to ask it; "" for nothing.
        prefix: what the wanted model's name begins with, "" for a list of all; None for neither.
    """

    model: str
    prompt: str = ""
    prefix: str | None = None


def choose(text: str, current: str) -> Choice:
    """Read one message, given the model that was chosen before, or what a client claims it to be."""
    model = current if _NAME.fullmatch(current) else DEFAULT_MODEL
    word = text.strip()
    if shortcut := SHORTCUTS.get(word.lower()):
        return Choice(shortcut, WHO_ARE_YOU)
    if word.startswith("@") and len(word.split()) == 1:
        return Choice(model, prefix=word[1:])
    return Choice(model, text if word else "")


def names(tags: Any) -> list[str]:
    """Give the names of the models in a server's answer to TAGS.

    Raises:
        ModelError: it is no such answer.
    """
    models: Any = cast("dict[str, Any]", tags).get("models") if isinstance(tags, dict) else None
    if not isinstance(models, list):
        raise ModelError("The model server does not list its models as Ollama does: check OLLAMA_HOST.")
    entries = [
        cast("dict[str, Any]", entry) for entry in cast("list[Any]", models) if isinstance(entry, dict)
    ]
    return [name for entry in entries if isinstance(name := entry.get("name"), str) and _NAME.fullmatch(name)]


def pick(prefix: str, known: list[str]) -> str | None:
    """Give the model of that name, or the first whose name begins so."""
    return prefix if prefix in known else next((name for name in known if name.startswith(prefix)), None)


def listing(known: list[str], current: str) -> str:
    """Give the list for the person, in Markdown."""
    if not known:
        return f"There is no model on the server yet: get one with `ollama pull {DEFAULT_MODEL}`."
    lines = [f"- {name}{' (answers now)' if name == current else ''}" for name in known]
    return "\n".join(
        ["The server has these models:", "", *lines, "", "Type @ and how a name begins to choose it."]
    )
