"""What a reader gets: production's frames, or one object a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localops.streaming.framing import Framing, Reframing
from localops.streaming.rules import READ_BYTES


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"one"], b"one\n"),
        ([b"one", b"two"], b"one\ntwo\n"),
        ([b"x" * READ_BYTES], b"x" * READ_BYTES + b"\n"),
        ([b"x" * (READ_BYTES + 1)], b"x" * READ_BYTES + b"\nx\n"),
        ([b"a", b"x" * (2 * READ_BYTES), b"b"], b"a\n" + (b"x" * READ_BYTES + b"\n") * 2 + b"b\n"),
        ([b"\n"], b"\n\n"),
    ],
)
def test_production_ends_each_read_of_2048_bytes_with_a_line_break(parts: list[bytes], expected: bytes):
    framing = Framing()
    assert (b"".join(framing.feed(parts)), framing.end()) == (expected, [])


def reframed(*parts: bytes) -> list[bytes]:
    framing = Reframing()
    return [line for part in parts for line in framing.feed([part])] + framing.end()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b'{"output": "a"}{"output": "b"}'], [b'{"output": "a"}\n', b'{"output": "b"}\n']),
        ([b'{"output": ', b'"a"', b"}"], [b'{"output": "a"}\n']),
        ([b'{"output": "a"}\n\n', b'\n{"a": {"x": []}}\n'], [b'{"output": "a"}\n', b'{"a": {"x": []}}\n']),
        ([b'{"output": "}\\"{"}'], [b'{"output": "}\\"{"}\n']),
        ([b'{\n"output": "a\nb"\n}'], [b'{"output": "a\\nb"}\n']),
        ([b"{}"], [b"{}\n"]),
        ([b"plain"], [b'{"output": "plain"}\n']),
        ([b"one", b" ", b"two"], [b'{"output": "one"}\n', b'{"output": " "}\n', b'{"output": "two"}\n']),
        ([b'so:{"output": "a"} \n'], [b'{"output": "so:"}\n', b'{"output": "a"}\n']),
        ([b"42"], [b'{"output": "42"}\n']),
        (["naïve".encode()[:3], "naïve".encode()[3:]], [b'{"output": "na"}\n', b'{"output": "\\u00efve"}\n']),
        ([b"\xc3", b"{}"], [b'{"output": "\\ufffd"}\n', b"{}\n"]),
        ([b"\xff"], [b'{"output": "\\ufffd"}\n']),
        ([b'{"output": "half'], [b'{"output": "{\\"output\\": \\"half"}\n']),
        ([b" \n"], []),
        ([], []),
    ],
)  # fmt: skip
def test_reframing_makes_every_line_one_object(parts: list[bytes], expected: list[bytes]):
    assert reframed(*parts) == expected


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([b'{"output": "', b'"}', b"{}", b"\n"]), max_size=8))
def test_whatever_is_sent_every_line_that_comes_out_is_one_object(parts: list[bytes]):
    for line in reframed(*parts):
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert isinstance(json.loads(line), dict)


@settings(deadline=None)
@given(st.text(), st.integers(1, 5))
def test_text_comes_through_whole_wherever_it_is_cut(text: str, size: int):
    data = ("text " + text.replace("{", "").strip()).encode()
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    assert "".join(json.loads(line)["output"] for line in reframed(*parts)) == data.decode()
