"""OpenAI's protocol as real servers speak it: framing, reasoning, figures, ends and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mastro.providers.answer import Answer
from mastro.providers.errors import ModelError
from mastro.providers.openai.provider import OpenAI
from mastro.providers.openai.server import OpenAIServer
from tests.scripted.openai_server import chunk, event, usage_chunk, whole_events

TEXT = "Rome is the capital."
ROLE, END, DONE = (
    event(chunk({"role": "assistant", "content": ""})),
    event(chunk({}, "stop")),
    event(b"[DONE]"),
)
CHUNK_0 = event(
    {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
)
FILTER_ONLY = event(
    {"choices": [{"index": 0, "content_filter_results": {}, "content_filter_offsets": {"check_offset": 1}}]}
)


def text(*words: str) -> list[bytes]:
    return [event(chunk({"content": word})) for word in words]


class Read:
    """What a wire makes of a stream that is cut into reads."""

    def __init__(self, reads: Sequence[bytes]) -> None:
        answer = Answer(OpenAI(OpenAIServer("http", "127.0.0.1", 1)).wire())
        self.error: str = ""
        pieces: list[tuple[str, str]] = []
        try:
            for piece in answer.pieces(lines_of(reads)):
                pieces.append(piece)
        except ModelError as error:
            self.error = str(error)
            self.kind = error.kind
        self.output = "".join(text for kind, text in pieces if kind == "output")
        self.thinking = "".join(text for kind, text in pieces if kind == "thinking")
        self.is_whole = answer.is_whole
        self.figures = answer.figures()


def lines_of(reads: Sequence[bytes]) -> list[list[bytes]]:
    """Cut reads into batches of lines as an exchange does."""
    batches, begun = [], b""
    for data in reads:
        *lines, begun = (begun + data).split(b"\n")
        if lines:
            batches.append(lines)
    return [*batches, [begun]] if begun else batches


STREAMS = {
    "as OpenAI sends it": whole_events(TEXT),
    "no space after data:": [part.replace(b"data: ", b"data:") for part in whole_events(TEXT)],
    "CRLF": [part.replace(b"\n", b"\r\n") for part in whole_events(TEXT)],
    "comments between": [piece for part in whole_events(TEXT) for piece in (b": keep-alive\n\n", part)],
    "event, id and retry lines": [b"event: message\nid: 1\nretry: 3\n" + part for part in whole_events(TEXT)],
    "Azure: a chunk without choices first": [CHUNK_0, *whole_events(TEXT)],
    "Azure: filter results without a delta": [ROLE, *text(TEXT), FILTER_ONLY, END, FILTER_ONLY, DONE],
    "no [DONE]": [ROLE, *text(TEXT), END],
    "[DONE] without a blank line": [ROLE, *text(TEXT), END, b"data: [DONE]"],
    "no finish_reason, as Foundry Local 0.8": [ROLE, *text(TEXT), DONE],
    "empty finish_reason, which is no end": [ROLE, event(chunk({"content": TEXT}, "")), END, DONE],
    "null content first, as llama.cpp": [
        event(chunk({"role": "assistant", "content": None})),
        *text(TEXT),
        END,
    ],
    "text in the first chunk": [event(chunk({"role": "assistant", "content": TEXT})), END],
    "delta and message, as Foundry Local 0.8": [
        event({"choices": [{"delta": {"content": TEXT}, "message": {"content": TEXT}}], "IsDelta": True}),
        END,
    ],
    "usage before the last chunk": [ROLE, *text(TEXT), event(usage_chunk(7, 4)), END, DONE],
    "usage: null in each": [event(chunk({"content": TEXT}, usage=None)), END, DONE],
    "U+2028 in a comment": [ROLE, ": \u2028\u0085\n\n".encode(), *text(TEXT), END],
    "one document in place of a stream": [
        json.dumps(
            {"choices": [{"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]}
        ).encode()
    ],
    "a document over many lines": [
        b"\n\n"
        + json.dumps(
            {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}, indent=2
        ).encode()
    ],
}


@pytest.mark.parametrize("name", STREAMS)
def test_every_framing_that_is_met_gives_the_text(name: str):
    read = Read(STREAMS[name])
    assert (read.output, read.error, read.is_whole) == (TEXT, "", True)


REASONING = {
    "reasoning_content": [
        event(chunk({"reasoning_content": "let me "})),
        event(chunk({"reasoning_content": "see"})),
    ],
    "reasoning": [event(chunk({"reasoning": "let me see", "reasoning_details": [{"text": "x"}]}))],
    "both with the same text": [event(chunk({"reasoning_content": "let me see", "reasoning": "let me see"}))],
    "before the role": [event(chunk({"reasoning_content": "let me see"})), ROLE],
    "tags in the text": text("<thi", "nk>let me see</th", "ink>"),
    "with null content": [event(chunk({"reasoning_content": "let me see", "content": None}))],
}


@pytest.mark.parametrize("name", REASONING)
def test_reasoning_comes_by_every_name(name: str):
    read = Read([*REASONING[name], *text(TEXT), END, DONE])
    assert (read.thinking, read.output) == ("let me see", TEXT)


ERRORS = {
    "first event of a 200, as Foundry Local 2": (
        [event({"error": {"message": "out of memory", "type": "server_error", "param": None, "code": None}})],
        "",
        "The model stopped with an error: out of memory.",
        "down",
    ),
    "as text": ([event({"error": "out of memory"})], "", "stopped with an error: out of memory.", "down"),
    "after some text": (
        [
            *text("Rome "),
            event({"error": {"message": "gone", "code": 502}, "choices": [{"finish_reason": "error"}]}),
        ],
        "Rome ",
        "stopped with an error: gone",
        "down",
    ),
    "as a field, as llama.cpp of 2025": (
        [*text("Rome "), b'error: {"message": "gone", "code": 500}\n\n'],
        "Rome ",
        "stopped with an error: gone",
        "down",
    ),
    "context, in the stream": (
        [event({"error": {"message": "12 tokens exceeds the model's maximum context length of 8 tokens"}})],
        "",
        "too long",
        "context",
    ),
    "garbage": ([b"garbage\n"], "", "not part of an answer: check BASE_URL", "down"),
    "a web page": ([b"<html>\n<p>hello</p>\n"], "", "not part of an answer: check BASE_URL", "down"),
    "broken JSON": ([*text("Rome "), b"data: {broken\n\n"], "Rome ", "not part of an answer", "down"),
    "a document without sense": (
        [b'{"error": {"message": "gone"}}'],
        "",
        "stopped with an error: gone",
        "down",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_in_a_stream_of_status_200_is_an_error(name: str):
    parts, output, sentence, kind = ERRORS[name]
    read = Read(parts)
    assert read.output == output
    assert sentence in read.error
    assert read.kind == kind
    assert not read.is_whole


@pytest.mark.parametrize("parts", [[], [ROLE], [ROLE, *text(TEXT)], [b": ping\n\n"]])
def test_a_stream_that_just_ends_is_not_whole(parts: list[bytes]):
    assert not Read(parts).is_whole


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter", "tool_calls"])
def test_why_it_ended_is_told(reason: str):
    read = Read(whole_events(TEXT, finish=reason))
    assert (read.is_whole, read.figures["done_reason"]) == (True, reason)


def test_figures_are_the_servers_and_a_pace_that_it_does_not_tell_is_measured():
    parts = [part.replace(b'"model": "m"', b'"model": "gpt-4o-2024"') for part in whole_events(TEXT)]
    figures = Read(parts).figures
    assert (figures["model"], figures["tokens"], figures["prompt_tokens"]) == ("gpt-4o-2024", 4, 7)
    timed = [
        *text("a", "b"),
        event(chunk({}, "stop", usage={"completion_tokens": 2}, timings={"predicted_per_second": 12.34})),
    ]
    assert Read(timed).figures["tokens_per_s"] == 12.3
    assert "tokens_per_s_is_measured" not in Read(timed).figures


def test_groq_counts_in_a_member_of_its_own():
    usage = {"usage": {"completion_tokens": 2, "prompt_tokens": 3}}
    figures = Read([*text("a", "b"), event(chunk({}, "stop", x_groq=usage))]).figures
    assert (figures["tokens"], figures["prompt_tokens"]) == (2, 3)


@given(
    name=st.sampled_from([*STREAMS, *REASONING, *ERRORS]),
    cuts=st.lists(st.integers(0, 4000), max_size=30, unique=True),
)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_a_stream_that_is_cut_anywhere_says_the_same(name: str, cuts: list[int]):
    parts = STREAMS.get(name) or (REASONING[name] if name in REASONING else ERRORS[name][0])
    data = b"".join(parts)
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    reads = [data[begin:end] for begin, end in pairwise(places)]
    whole, cut = Read([data]), Read(reads)
    assert (cut.output, cut.thinking, cut.error, cut.is_whole) == (
        whole.output,
        whole.thinking,
        whole.error,
        whole.is_whole,
    )
