"""HTTP's chunked coding, cut anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from http.client import IncompleteRead
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def body(shared: Callable[[str], Any]) -> Callable[[list[bytes]], bytes]:
    """Give what comes out of raw parts as they come from a socket."""

    def read_all(parts: list[bytes]) -> bytes:
        left = [part for part in parts if part]
        return b"".join(shared("providers.chunked").dechunked(lambda _size: left.pop(0) if left else b""))

    return read_all


def coded(chunks: list[bytes], extension: bytes = b"") -> bytes:
    sized = [b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks if chunk]
    return b"".join(sized) + b"0\r\n\r\n"


CHUNKS = [b'{"a":1}\n', b"\r\n", b"x", b"0\r\n\r\n", b"y" * 5000, "è\n".encode()]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 4096, 100_000])
@pytest.mark.parametrize("extension", [b"", b";name=value"])
def test_the_body_is_whole_at_every_cut(body: Any, size: int, extension: bytes):
    raw = coded(CHUNKS, extension)
    assert body([raw[place : place + size] for place in range(0, len(raw), size)]) == b"".join(CHUNKS)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(max_size=40)), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_any_chunks_at_any_cut_give_what_was_sent(body: Any, chunks: list[bytes], cuts: list[int]):
    raw = coded(chunks)
    places = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    parts = [raw[start:end] for start, end in itertools.pairwise(places)]
    assert body(parts) == b"".join(chunks)


def test_what_is_here_of_a_chunk_is_passed_on_before_the_rest_comes(shared: Any):
    parts = [b"8\r\none\ntw", b"o\n\r\n0\r\n\r\n"]
    reading = shared("providers.chunked").dechunked(lambda _size: parts.pop(0))
    assert next(reading).startswith(b"one\n")


@pytest.mark.parametrize("raw", [b"", b"5\r\nab", b"5\r\nabcde", b"5\r\nabcde\r\n", b"5", b"3\r\nabc\r\n0"])
def test_an_end_inside_the_body_is_an_error(body: Any, raw: bytes):
    with pytest.raises(IncompleteRead):
        body([raw])


@pytest.mark.parametrize("raw", [b"x\r\nab", b"\r\n\r\n", b"-5\r\nabcde\r\n", b"<html>" * 1000])
def test_what_is_no_size_is_an_error(body: Any, raw: bytes):
    with pytest.raises(ValueError):  # noqa: PT011 - the client turns any into the same sentence
        body([raw])
