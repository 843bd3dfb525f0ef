"""Read how a client wants the model to answer."""

from typing import Any, cast

from mastro.providers.errors import ModelError

# The name that most servers use, and its type. A number may be given for a float; a truth value is none.
OPTIONS: dict[str, tuple[str, type]] = {
    "max_tokens": ("max_tokens", int),
    "num_ctx": ("num_ctx", int),
    "num_predict": ("max_tokens", int),
    "min_p": ("min_p", float),
    "presence_penalty": ("presence_penalty", float),
    "frequency_penalty": ("frequency_penalty", float),
    "repeat_penalty": ("repeat_penalty", float),
    "seed": ("seed", int),
    "stop": ("stop", list),
    "temperature": ("temperature", float),
    "top_k": ("top_k", int),
    "top_p": ("top_p", float),
}


def model_options(given: Any) -> dict[str, Any]:
    """Return the `options` of a client, by the names that most servers use.

    Raises:
        ModelError: one is unknown or of the wrong type; the server would ignore it, or answer 500.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ModelError('`options` must be an object, such as {"temperature": 0.5}.')
    return dict(
        _option(name, value) for name, value in cast("dict[str, Any]", given).items() if value is not None
    )


def _option(name: str, value: Any) -> tuple[str, Any]:
    if name not in OPTIONS:
        raise ModelError(f"There is no option {name}: known are {', '.join(sorted(OPTIONS))}.")
    known, kind = OPTIONS[name]
    if kind is list:
        texts = cast("list[Any]", value) if isinstance(value, list) else [value]
        if all(isinstance(text, str) for text in texts):
            return known, texts
    elif not isinstance(value, bool) and isinstance(value, (int, kind)):
        return known, kind(value)
    raise ModelError(f"The option {name} must be {'text' if kind is list else 'a number'}.")
