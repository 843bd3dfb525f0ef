"""Ask one question with Semantic Kernel; run by an interpreter that has it, see test_semantic_kernel.py.

Its arguments: `openai` or `azure`, the server's address, the key, and the history and the options as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from typing import Any


def service_of(kind: str, address: str, key: str) -> tuple[Any, Any]:
    """Return the service, and the class of its settings."""
    from openai import AsyncOpenAI

    open_ai: Any = importlib.import_module("semantic_kernel.connectors.ai.open_ai")
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
    service, settings = service_of(kind, address, key)
    history: Any = importlib.import_module("semantic_kernel.contents").ChatHistory()
    for message in messages:
        history.add_message(message)
    parts = service.get_streaming_chat_message_contents(history, settings(**options))
    return "".join([str(each) async for part in parts for each in part])


if __name__ == "__main__":
    kind, address, key, messages, options = sys.argv[1:]
    print(asyncio.run(ask(kind, address, key, json.loads(messages), json.loads(options))))  # noqa: T201
