from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localops.ollama import wire


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": [True, None]}, b'{"a":1,"b":[true,null]}'),
        ("<think>&amp;</think>", b'"\\u003cthink\\u003e\\u0026amp;\\u003c/think\\u003e"'),
        ("\u2028\u2029\u0085", b'"\\u2028\\u2029\\u0085"'),
        ("perch\u00e9 \U0001f600", '"perch\u00e9 \U0001f600"'.encode()),
        ('tab\t, line\n, quote", back\\', b'"tab\\t, line\\n, quote\\", back\\\\"'),
        ("lone \ud800 surrogate", '"lone \ufffd surrogate"'.encode()),
        ("a pair \ud83d\ude00", '"a pair \U0001f600"'.encode()),
    ],
)
def test_json_is_written_as_go_writes_it(value: object, expected: bytes):
    assert wire.dumps(value) == expected


@given(st.text())
def test_a_token_is_written_as_in_a_whole_object_and_read_back(text: str):
    assert wire.string(text) == wire.dumps(text)
    assert json.loads(wire.string(text)) == text


@given(st.text())
def test_a_line_is_one_line_to_every_reader(text: str):
    assert len(wire.string(text).decode().splitlines()) == 1


@pytest.mark.parametrize(
    ("unix_ns", "expected"),
    [
        (1_787_338_102_123_456_700, "2026-08-21T18:48:22.1234567Z"),
        (1_787_338_102_000_000_000, "2026-08-21T18:48:22Z"),
        (1_787_338_102_000_000_001, "2026-08-21T18:48:22.000000001Z"),
        (0, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_timestamp_has_up_to_nine_digits_without_trailing_zeros(unix_ns: int, expected: str):
    assert wire.timestamp(unix_ns) == expected
