"""A chat that asks each message alone; `llama`, `deepseek` and `@` choose the model."""
# --kind python:default
# --web true
# --timeout 300000
# --param OLLAMA_HOST "$OLLAMA_HOST"
# --param OLLAMA_PROTO "$OLLAMA_PROTO"
# --param AUTH "$AUTH"
# --param REDIS_URL "$REDIS_URL"
# --param REDIS_PREFIX "$REDIS_PREFIX"
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Stateless::'

from typing import Any

import stateless


def main(args: dict[str, Any]) -> dict[str, Any]:
    return stateless.stateless(args)
