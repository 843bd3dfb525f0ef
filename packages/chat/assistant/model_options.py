"""Read how a client wants the model to answer."""

from typing import Any, cast

from mastro.providers.errors import ModelError

# A number may be given for a float; a truth value is not a number.
WHOLE = ("max_tokens", "num_ctx", "num_predict", "seed", "top_k")
NUMBERS = ("frequency_penalty", "min_p", "presence_penalty", "repeat_penalty", "temperature", "top_p")
KINDS: dict[str, type] = {"stop": list, **dict.fromkeys(WHOLE, int), **dict.fromkeys(NUMBERS, float)}
OLLAMAS_NAMES = {"num_predict": "max_tokens"}


def model_options(given: Any) -> dict[str, Any]:
    """Return the `options` of a client, by the names that most servers use.

    Raises:
        ModelError: one is unknown or of the wrong type; the server would ignore it, or answer 500.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ModelError('`options` must be an object, such as {"temperature": 0.5}.')
    members = cast("dict[str, Any]", given).items()
    return dict(_option(name, value) for name, value in members if value is not None)


def _option(name: str, value: Any) -> tuple[str, Any]:
    if name not in KINDS:
        raise ModelError(f"There is no option {name}: known are {', '.join(sorted(KINDS))}.")
    known, kind = OLLAMAS_NAMES.get(name, name), KINDS[name]
    if kind is list:
        texts = cast("list[Any]", value) if isinstance(value, list) else [value]
        if all(isinstance(text, str) for text in texts):
            return known, texts
    elif not isinstance(value, bool) and isinstance(value, (int, kind)):
        return known, kind(value)
    raise ModelError(f"The option {name} must be {'text' if kind is list else 'a number'}.")
