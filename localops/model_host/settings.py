"""The settings that name model servers beside Ollama, as the person at this machine gives them.

What `packages/.env` says does not count: it names the servers of a deployment.
"""

from __future__ import annotations

from collections.abc import Mapping

from localops.project.folder import Project
from localops.project.variables import Variable, layers, layers_of_desk
from mastro.providers.configured import Providers

OLLAMA, FOUNDRY, OPENAI, AZURE = "ollama", "foundry", "openai", "azure"
# Where each is, in the order in which they answer.
ADDRESSES = {
    OLLAMA: "OLLAMA_HOST",
    FOUNDRY: "FOUNDRY_HOST",
    OPENAI: "BASE_URL",
    AZURE: "AZURE_OPENAI_ENDPOINT",
}
MODEL = "MODEL"
ROUTING = ("CHAT_FALLBACK", "CHAT_TASKS", "CHAT_LONG_WORDS", "FALLBACK_AFTER")
_OTHERS = (
    *(place for name, place in ADDRESSES.items() if name != OLLAMA),
    *(MODEL, "API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_API_VERSION"),
    *ROUTING,
)
_ALL = (*_OTHERS, "OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")


def value(variables: Mapping[str, Variable], name: str) -> str:
    """Return what a variable says, "" where it is not set."""
    found = variables.get(name)
    return found.value if found else ""


def of_desk(project: Project) -> dict[str, str]:
    """Return what actions get in place of what `packages/.env` says."""
    desk, deployed = layers_of_desk(project), layers(project, {})
    return {name: value(desk, name) for name in _OTHERS if value(desk, name) != value(deployed, name)}


def in_force(project: Project, given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the chats get, by name; those that are empty are left out.

    Args:
        given: what localops gives, which beats what the person set.
    """
    found = {name: each.value for name, each in layers(project, given).items() if name in _ALL}
    return {name: text for name, text in found.items() if text}


def providers_of(settings: Mapping[str, str]) -> Providers:
    """Return the model servers that some settings name, whatever this process's environment does."""
    providers = Providers(settings)
    providers.names = [name for name in providers.names if ADDRESSES[name] in settings] or [OLLAMA]
    return providers


def other_default(variables: Mapping[str, Variable]) -> str | None:
    """Return the name of the server beside Ollama that is to answer by default; None for none of them.

    Those that CHAT_FALLBACK or CHAT_TASKS send messages to come where these say, not before all others.
    """
    sent_to = {target.partition("/")[0].strip() for target in _targets(variables)}
    others = [name for name, place in ADDRESSES.items() if name != OLLAMA and value(variables, place)]
    first, slash, _ = value(variables, MODEL).partition("/")
    if slash and first in others:
        return first
    return next((name for name in others if name not in sent_to), None)


def _targets(variables: Mapping[str, Variable]) -> list[str]:
    tasks = value(variables, "CHAT_TASKS").split(",")
    return [*value(variables, "CHAT_FALLBACK").split(","), *(task.partition(":")[2] for task in tasks)]
