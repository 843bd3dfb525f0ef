"""Choose the model by what a person types: `llama`, `deepseek`, `@` for a list, `@prefix` for one of it."""

import re
from typing import Any, NamedTuple, cast

from ..providers.errors import ModelError

DEFAULT_MODEL = "llama3.1:8b"
SHORTCUTS = {"llama": DEFAULT_MODEL, "deepseek": "deepseek-r1:32b"}
WHO_ARE_YOU = "Who are you?"
TAGS = "/api/tags"
SHOW = "/api/show"
# Names as Ollama has them: [host/][namespace/]model[:tag].
_NAME = re.compile(r"[\w.:/@-]{1,200}", re.ASCII)
# The first such line names the model, in a comment or not; one that begins with / is a file's.
_OWN_NAME = re.compile(r"^(?:# )?FROM ([\w.:@-][\w.:/@-]{0,199})\s*$", re.ASCII | re.MULTILINE)


class Choice(NamedTuple):
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
    """Return the names of the models in a server's answer to TAGS.

    Raises:
        ModelError: it is not such an answer.
    """
    models: Any = cast("dict[str, Any]", tags).get("models") if isinstance(tags, dict) else None
    if not isinstance(models, list):
        raise ModelError("The model server does not list its models as Ollama does: check OLLAMA_HOST.")
    entries = [
        cast("dict[str, Any]", entry) for entry in cast("list[Any]", models) if isinstance(entry, dict)
    ]
    return [name for entry in entries if isinstance(name := entry.get("name"), str) and _NAME.fullmatch(name)]


def pick(prefix: str, known: list[str]) -> str | None:
    """Return the model of that name, or the first whose name begins so."""
    return prefix if prefix in known else next((name for name in known if name.startswith(prefix)), None)


def own_name(shown: Any) -> str:
    """Return what the model that a server shows is called there; "" where it does not tell.

    Args:
        shown: a server's answer to SHOW. Whoever stands in for a model answers under its name.

    Source: Ollama's server/routes.go, GetModelInfo, which begins the Modelfile with the name.
    """
    modelfile: Any = cast("dict[str, Any]", shown).get("modelfile") if isinstance(shown, dict) else None
    found = _OWN_NAME.search(modelfile) if isinstance(modelfile, str) else None
    return found[1] if found else ""


def is_same(name: str, other: str) -> bool:
    """Return whether two names mean one model: in any case, and with the tag `latest` or without it."""
    return _whole(name) == _whole(other)


def _whole(name: str) -> str:
    return name.lower() if ":" in name.rpartition("/")[2] else f"{name.lower()}:latest"


def listing(known: list[str], current: str) -> str:
    """Return the list for the person, in Markdown."""
    if not known:
        return f"There is no model on the server yet: get one with `ollama pull {DEFAULT_MODEL}`."
    lines = [f"- {name}{' (answers now)' if name == current else ''}" for name in known]
    return "\n".join(
        ["The server has these models:", "", *lines, "", "Type @ and how a name begins to choose it."]
    )
