"""Ask one question with Semantic Kernel; run by an interpreter that has it, see test_semantic_kernel.py.

Its arguments: `openai` or `azure`, the server's address, the key, and the history and the options as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


def service_of(kind: str, address: str, key: str) -> tuple[Any, Any]:
    """Return the service, and the class of its settings."""
    from openai import AsyncOpenAI
    from semantic_kernel.connectors.ai import open_ai

    if kind == "azure":
        service = open_ai.AzureChatCompletion(
            endpoint=address, deployment_name="m", api_key=key, api_version="2024-10-21"
        )
        return service, open_ai.AzureChatPromptExecutionSettings
    client = AsyncOpenAI(base_url=f"{address}/v1", api_key=key)
    service = open_ai.OpenAIChatCompletion(ai_model_id="m", async_client=client)
    return service, open_ai.OpenAIChatPromptExecutionSettings


async def ask(
    kind: str, address: str, key: str, messages: list[dict[str, str]], options: dict[str, Any]
) -> str:
    from semantic_kernel.contents import ChatHistory

    service, settings = service_of(kind, address, key)
    history = ChatHistory()
    for message in messages:
        history.add_message(message)
    parts = service.get_streaming_chat_message_contents(history, settings(**options))
    return "".join([str(each) async for part in parts for each in part])


if __name__ == "__main__":
    words = sys.argv[1:]
    print(asyncio.run(ask(*words[:3], json.loads(words[3]), json.loads(words[4]))))  # noqa: T201
