"""The vector that llama.cpp makes of one text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localops.ollama.engine import Embedded
from localops.ollama.errors import BadRequest, EngineFailure, PromptTooLong

_TOO_LONG = re.compile(r"input \((\d+) tokens\) is too large")


def embedded(answer: Mapping[str, Any], context_length: int) -> Embedded:
    """Read llama.cpp's answer.

    Raises:
        PromptTooLong: the text does not fit.
        RequestFailure: it was refused for another reason.
    """
    error = answer.get("error")
    if error is None:
        return Embedded(answer["data"][0]["embedding"], int(answer["usage"]["prompt_tokens"]))
    if error.get("type") == "exceed_context_size_error":
        raise PromptTooLong(error["n_prompt_tokens"], error["n_ctx"])
    if match := _TOO_LONG.match(str(error["message"])):
        raise PromptTooLong(int(match[1]), context_length)
    if error["code"] == 400:
        raise BadRequest(str(error["message"]))
    raise EngineFailure(str(error["message"]), status=int(error["code"]))
