"""Shorten a prompt that is longer than the context.

First the oldest tokens of a foreign `context`, then the oldest turns of the conversation; when the last one
alone is too long, its middle, so that half of the context is free for the answer. Ollama cuts tokens; here,
where only the engine knows them, characters are cut in their proportion.
Source: ollama llm/llama_server.go:280-330, server/routes.go:3040.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from localops.ollama.engine import Ask, Message
from localops.ollama.errors import PromptTooLong


def shortened(ask: Ask, error: PromptTooLong) -> Ask:
    """Return the same with less to read; it may still be too long.

    Raises:
        PromptTooLong: the given one, where nothing may be left out or nothing is left.
    """
    if ask.before and ask.truncate:
        return replace(ask, before=_without_oldest(ask.before, error))
    if ask.raw is None and (messages := without_oldest_turn(ask.messages)):
        return replace(ask, messages=messages)
    if not ask.truncate:
        raise error
    if ask.raw is not None:
        return replace(ask, raw=_without_middle(ask.raw, ask.options.num_keep, error))
    longest = max(range(len(ask.messages)), key=lambda place: len(ask.messages[place].content))
    message = ask.messages[longest]
    less = message._replace(content=_without_middle(message.content, 0, error))
    return replace(ask, messages=(*ask.messages[:longest], less, *ask.messages[longest + 1 :]))


def without_oldest_turn(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Leave out the oldest message that is neither a system message nor the last; empty if there is none."""
    for position, message in enumerate(messages[:-1]):
        if message.role != "system":
            return (*messages[:position], *messages[position + 1 :])
    return ()


def _without_oldest(tokens: tuple[int, ...], error: PromptTooLong) -> tuple[int, ...]:
    """Leave out so many of the oldest tokens that half of the context is free, or all of them."""
    too_many = max(1, error.tokens - error.context_length // 2)
    return tokens[too_many:]


def _without_middle(text: str, kept_tokens: int, error: PromptTooLong) -> str:
    """Keep so many tokens of the beginning, and of the end what half of the rest of the context holds."""
    if not text:
        raise error
    kept_tokens = max(0, min(kept_tokens, error.context_length - 1))
    tokens = error.context_length - max((error.context_length - kept_tokens) // 2, 1)
    length = min(len(text) - 1, len(text) * tokens // error.tokens)
    head = min(length, len(text) * kept_tokens // error.tokens)
    return text[:head] + text[len(text) - (length - head) :]
