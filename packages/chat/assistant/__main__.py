"""A chat that remembers what was said; `llama`, `deepseek` and `@` choose the model."""
# --kind python:default
# --web true
# --timeout 300000
# --param OLLAMA_HOST "$OLLAMA_HOST" --param OLLAMA_PROTO "$OLLAMA_PROTO" --param AUTH "$AUTH"
# --param FOUNDRY_HOST "$FOUNDRY_HOST" --param BASE_URL "$BASE_URL" --param API_KEY "$API_KEY"
# --param AZURE_OPENAI_ENDPOINT "$AZURE_OPENAI_ENDPOINT" --param AZURE_OPENAI_API_KEY "$AZURE_OPENAI_API_KEY"
# --param AZURE_OPENAI_DEPLOYMENT "$AZURE_OPENAI_DEPLOYMENT" --param MODEL "$MODEL"
# --param AZURE_OPENAI_API_VERSION "$AZURE_OPENAI_API_VERSION"
# --param CHAT_FALLBACK "$CHAT_FALLBACK" --param FALLBACK_AFTER "$FALLBACK_AFTER"
# --param CHAT_LONG_WORDS "$CHAT_LONG_WORDS" --param CHAT_TASKS "$CHAT_TASKS"
# --param REDIS_URL "$REDIS_URL" --param REDIS_PREFIX "$REDIS_PREFIX" --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Assistant::'

from typing import Any

import assistant


def main(args: dict[str, Any]) -> dict[str, Any]:
    return assistant.assistant(args)
