"""Objects are cut at the same places wherever the stream was cut before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localops.streaming.json_objects import MAX_OBJECT_BYTES, JsonObjects, Piece

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=5)


def cut(parts: list[bytes]) -> list[Piece]:
    cutter = JsonObjects()
    pieces = [piece for part in parts for piece in cutter.feed(part)]
    return pieces + cutter.end()


def every_cut(data: bytes) -> list[list[bytes]]:
    """Return the same bytes in parts of 1, 2, 3 ... bytes, and whole."""
    return [
        [data[at : at + size] for at in range(0, len(data), size)] for size in range(1, len(data) + 1)
    ] or [[data]]


@settings(deadline=None)
@given(MESSAGES, st.booleans(), st.sampled_from([b"", b" ", b"\n", b"\r\n\t"]))
def test_objects_come_out_whole_and_as_they_were_sent(messages: list[object], ascii_only: bool, gap: bytes):
    sent = [json.dumps(message, ensure_ascii=ascii_only).encode() for message in messages]
    data = gap.join(sent)
    for parts in (every_cut(data)[:7], [[data]]):
        for part in parts:
            pieces = cut(part)
            assert [piece.data for piece in pieces if piece.value is not None] == sent
            assert [piece.value for piece in pieces if piece.value is not None] == messages
            assert b"".join(piece.data for piece in pieces) == data


@settings(deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]"\\ \n:a1', max_size=20).map(str.encode))
def test_whatever_comes_nothing_is_lost_and_nothing_is_doubled(data: bytes):
    for parts in every_cut(data):
        assert b"".join(piece.data for piece in cut(parts)) == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        (b'{"a": {"b": {}}}{}', [{"a": {"b": {}}}, {}]),
        (b'{"a": "}{\\"\\\\"}', [{"a": '}{"\\'}]),
        (b'{"a": "one\ntwo"}', [{"a": "one\ntwo"}]),
        ('{"a": "naïve 🙂"}'.encode(), [{"a": "naïve 🙂"}]),
        (b' \r\n{"a": 1}\n\n', [b" \r\n", {"a": 1}, b"\n\n"]),
        (b"hello world", [b"hello world"]),
        (b'hello {"a": 1} world', [b"hello ", {"a": 1}, b" ", b"world"]),
        (b"{ not: json }", [b"{ not: json }"]),
        (b'{"a" oops}{"b": 2}', [b'{"a" oops}', {"b": 2}]),
        (b'{"a": "\xff"}', [b'{"a": "\xff"}']),
        (b'[{"a": 1}]', [b"[", {"a": 1}, b"]"]),
        (b'{"a": "never en', [b'{"a": "never en']),
        (b'42 "text" null', [b'42 "text" null']),
    ],
)
def test_what_is_an_object_and_what_is_not(data: bytes, expected: list[object]):
    assert [piece.data if piece.value is None else piece.value for piece in cut([data])] == expected


def test_text_does_not_wait_for_more():
    cutter = JsonObjects()
    assert cutter.feed(b"working on it") == [Piece(b"working on it")]
    assert cutter.feed(b"{ still text") == [Piece(b"{ still text")]


def test_an_object_that_never_ends_is_given_up_as_text():
    cutter = JsonObjects()
    assert cutter.feed(b'{"a": "' + b"x" * (MAX_OBJECT_BYTES - 10)) == []
    (given_up,) = cutter.feed(b"x" * 10)
    assert (given_up.value, len(given_up.data)) == (None, MAX_OBJECT_BYTES + 7)
    assert cutter.feed(b'{"b": 2}') == [Piece(b'{"b": 2}', {"b": 2})]


def test_an_object_nested_deeper_than_python_goes_is_text():
    data = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    assert [piece.value for piece in cut([data])] == [None]
