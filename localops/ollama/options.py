"""Ollama's `options`: names, defaults and the errors for values of the wrong type.

Source: ollama api/types.go:1007 (types and texts), 1096 (defaults).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from localops.ollama.errors import RequestFailure


@dataclass(frozen=True)
class Options:
    """The settings by which a model picks its words.

    Attributes:
        num_predict: tokens at most; negative means until the context is full, and so does a 0 that is sent.
        num_ctx: context in tokens; None leaves it to the engine.
        seed: negative means a new one for every request.
        stop: texts that end the answer and are not part of it.
    """

    num_keep: int = 4
    seed: int = -1
    num_predict: int = -1
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.0
    typical_p: float = 1.0
    repeat_last_n: int = 64
    temperature: float = 0.8
    repeat_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    num_ctx: int | None = None

    def with_values(self, values: Mapping[str, Any]) -> Options:
        """Return these options with a request's own over them; unknown names and nulls are left out.

        Raises:
            RequestFailure: a value of the wrong type, status 500 as in Ollama.
        """
        known = {
            name: _CONVERT[name](name, values[name]) for name in _CONVERT if values.get(name) is not None
        }
        return replace(self, **known)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(name, "of type integer")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(name, "of type float32")
    return float(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong_type(name, "of type array")
    texts = cast("list[Any]", value)
    if not all(isinstance(text, str) for text in texts):
        raise _wrong_type(name, "of an array of strings")
    return tuple(text for text in texts if text)


def _tokens(name: str, value: Any) -> int:
    return _integer(name, value) or -1  # 0 means no limit there: a real 0.32 answers in full


def _context(name: str, value: Any) -> int:
    return max(4, _integer(name, value))  # Ollama's minimum


def _wrong_type(name: str, expected: str) -> RequestFailure:
    return RequestFailure(f'option "{name}" must be {expected}')


def _converter(option: str, default: Any) -> Callable[[str, Any], Any]:
    special = {"stop": _texts, "num_ctx": _context, "num_predict": _tokens}
    return special.get(option) or (_integer if isinstance(default, int) else _number)


_CONVERT = {option.name: _converter(option.name, option.default) for option in fields(Options)}
