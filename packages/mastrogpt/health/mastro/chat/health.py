"""Remember for a while who could not answer, so that the next question does not wait for it again.

No process lives long on a serverless platform, so with a fallback this is in Redis too.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..log import warn
from ..providers.errors import Kind, ModelError
from ..redis_store import StoreError, prefixed, redis_store

DOWN_S = 30
MAX_S = 300
_UNTIL_MENDED: tuple[Kind, ...] = ("key", "missing")
_PASSING: tuple[Kind, ...] = ("busy", "down")

# Until when, and why.
_resting: dict[str, tuple[float, str]] = {}


class Health:
    """Who rests, as this process and, through Redis, others have found it."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._args = args
        self._told: dict[str, str] = {}

    def look(self, names: Sequence[str]) -> dict[str, str]:
        """Return those of the names that rest, each with why."""
        now = time.monotonic()
        here = {name: _resting[name][1] for name in names if name in _resting and _resting[name][0] > now}
        self._told = here | self._read([name for name in names if name not in here])
        return self._told

    def failed(self, name: str, error: ModelError) -> None:
        """Let a name rest after an error, as long as its kind asks for."""
        rest_s = _rest_s(error)
        if rest_s:
            _resting[name] = (time.monotonic() + rest_s, error.brief)
            self._do("SET", self._key(name), error.brief, "EX", rest_s)

    def answered(self, *names: str) -> None:
        """Forget that the names had to rest."""
        for name in {*names}:
            if _resting.pop(name, None) or name in self._told:
                self._do("DEL", self._key(name))

    def _read(self, names: Sequence[str]) -> dict[str, str]:
        if not names:
            return {}
        values = self._do("MGET", *(self._key(name) for name in names))
        found = cast("list[Any]", values) if isinstance(values, list) else []
        return {name: value for name, value in zip(names, found, strict=False) if isinstance(value, str)}

    def _do(self, *words: str | int) -> Any:
        try:
            with redis_store(self._args) as store:
                return store.do(*words) if store else None
        except StoreError as error:
            warn("only this process knows which model servers rest: %s", error)
            return None

    def _key(self, name: str) -> str:
        return prefixed(self._args, f"health:{name}")


def _rest_s(error: ModelError) -> int:
    if error.kind in _UNTIL_MENDED:
        return MAX_S
    return min(MAX_S, max(DOWN_S, round(error.retry_after_s or 0))) if error.kind in _PASSING else 0
