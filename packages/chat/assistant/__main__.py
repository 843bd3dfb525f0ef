"""A chat that remembers what was said; `llama`, `deepseek` and `@` choose the model."""
# --kind python:default
# --web true
# --timeout 300000
# --param OLLAMA_HOST "$OLLAMA_HOST"
# --param OLLAMA_PROTO "$OLLAMA_PROTO"
# --param AUTH "$AUTH"
# --param REDIS_URL "$REDIS_URL"
# --param REDIS_PREFIX "$REDIS_PREFIX"
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Assistant::'

from typing import Any

import assistant


def main(args: dict[str, Any]) -> dict[str, Any]:
    return assistant.assistant(args)
