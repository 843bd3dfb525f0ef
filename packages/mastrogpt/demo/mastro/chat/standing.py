"""Say which model servers answer, to a load balancer or a script that has no login.

They hear neither an address nor a server's own words; who may chat hears both, and which models there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..providers.configured import Providers
from ..providers.errors import ModelError
from ..session import NotAdmitted, admitted
from ..streaming import whole
from .catalogue import Listed, catalogue
from .route import route

ANSWERS = "{name} answers ({models}, {took_ms:g} ms)."


def answer(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the web answer: 200 when somebody answers who is asked for a message, else 503.

    No model is loaded for it, and no model is asked.

    Args:
        args: `token`, of mastrogpt/login, and the settings of a chat.

    Returns:
        A body with `output`, for people, and `answers`, `default`, `fault`, which is a setting that lets no
        message through, and `providers`: of each `name`, `is_local`, `reachable`, `models`, a number,
        `took_ms` and `fault`; for who may chat also `title` and `names`.
    """
    return whole(args, _web_answer)


def _web_answer(args: Mapping[str, Any]) -> dict[str, Any]:
    providers = Providers(args)
    listed = catalogue(providers, lambda _: None, when_there=True)
    asked, fault = _asked(providers, args)
    answers = any(each.name in asked and not each.fault for each in listed)
    body = {
        "output": " ".join([*map(_sentence, listed), *filter(None, [fault])]),
        "answers": answers,
        "default": providers.default,
        "fault": fault or None,
        "providers": [_as_member(each, in_full=_may_chat(args)) for each in listed],
    }
    return {"statusCode": 200 if answers else 503, "body": body}


def _asked(providers: Providers, args: Mapping[str, Any]) -> tuple[Sequence[str], str]:
    """Return who is asked for a message, and the sentence that says why nobody is."""
    try:
        return [candidate.provider for candidate in route(providers, "", "", args)], ""
    except ModelError as error:
        return [], str(error)


def _may_chat(args: Mapping[str, Any]) -> bool:
    try:
        admitted(args)
    except NotAdmitted:
        return False
    return True


def _sentence(listed: Listed) -> str:
    """Return how it is, without where it is."""
    if not listed.fault:
        count = len(listed.models)
        models = "1 model" if count == 1 else f"{count} models"
        return ANSWERS.format(name=listed.name, models=models, took_ms=listed.took_ms)
    place = listed.title.rpartition(" at ")[2]
    brief = listed.brief.removeprefix(f"at {place} ").partition(": the name ")[0]
    return f"{listed.name} {brief}."


def _as_member(listed: Listed, *, in_full: bool) -> dict[str, Any]:
    member: dict[str, Any] = {
        "name": listed.name,
        "is_local": listed.is_local,
        "reachable": not listed.fault,
        "models": len(listed.models),
        "took_ms": listed.took_ms,
        "fault": None if not listed.fault else listed.fault if in_full else _sentence(listed),
    }
    return {**member, "title": listed.title, "names": listed.models} if in_full else member
