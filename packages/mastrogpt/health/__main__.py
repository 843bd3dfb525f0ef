"""Say which model servers answer: to a load balancer, to a script, to a person."""
# --kind python:default
# --web true
# --param OLLAMA_HOST "$OLLAMA_HOST" --param OLLAMA_PROTO "$OLLAMA_PROTO" --param AUTH "$AUTH"
# --param FOUNDRY_HOST "$FOUNDRY_HOST" --param BASE_URL "$BASE_URL" --param API_KEY "$API_KEY"
# --param AZURE_OPENAI_ENDPOINT "$AZURE_OPENAI_ENDPOINT" --param AZURE_OPENAI_API_KEY "$AZURE_OPENAI_API_KEY"
# --param MODEL "$MODEL" --param AZURE_OPENAI_DEPLOYMENT "$AZURE_OPENAI_DEPLOYMENT"
# --param CHAT_LONG_WORDS "$CHAT_LONG_WORDS" --param AZURE_OPENAI_API_VERSION "$AZURE_OPENAI_API_VERSION"
# --param CHAT_FALLBACK "$CHAT_FALLBACK" --param LOGIN_SECRET "$LOGIN_SECRET"

from typing import Any

from mastro.chat import standing


def main(args: dict[str, Any]) -> dict[str, Any]:
    return standing.answer(args)
