"""What a reader gets: production's frames, or one object a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
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


def strictly_read(line: bytes) -> dict[str, Any]:
    """Return the object on a line, read as RFC 8259 has it: no raw control character, no NaN."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    value = json.loads(line, parse_constant=lambda constant: pytest.fail(f"{constant} in {line}"))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("character", range(0x20))
@pytest.mark.parametrize(
    "sent", ['{"":"%c"}', '{"%c":[]}', '{"a": {"b%c\\"": ["%c"]}}', '{"a":\r\n"\\\\%c%c"}', '{"é%c":1e400}']
)
def test_a_raw_control_character_comes_out_escaped_wherever_it_is_cut(character: int, sent: str):
    data = sent.replace("%c", chr(character)).encode()
    meant = json.loads(data, strict=False)
    for size in range(1, len(data) + 1):
        (line,) = reframed(*(data[at : at + size] for at in range(0, len(data), size)))
        assert strictly_read(line) == meant


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_only_python_takes_for_an_object_comes_out_as_text(constant: str):
    for data in (f'{{"a": {constant}}}', f'{{"a": {{"b": [{constant}]}}}}'):
        (line,) = reframed(data.encode())
        assert strictly_read(line) == {"output": data}


@pytest.mark.parametrize("number", ["1e999", "0.10", "12345678901234567890.5", "-0"])
def test_a_number_stays_as_it_was_sent_beside_a_control_character(number: str):
    assert reframed(b'{"a": %b, "b": "\t"}' % number.encode()) == [
        b'{"a": %b, "b": "\\t"}\n' % number.encode()
    ]


PARTS = st.binary(max_size=30) | st.sampled_from(
    [b'{"output": "', b'"}', b"{}", b"\n", b'{"a": ', b"NaN", b"-1e999", b'"\x00\x1f"', b"}", b"\\", b"\xc3"]
)


@settings(deadline=None)
@given(st.lists(PARTS, max_size=8))
@example([b'{"":"\x00"}'])
def test_whatever_is_sent_every_line_that_comes_out_is_one_object(parts: list[bytes]):
    for line in reframed(*parts):
        strictly_read(line)


@settings(deadline=None)
@given(st.text(), st.integers(1, 5))
def test_text_comes_through_whole_wherever_it_is_cut(text: str, size: int):
    data = ("text " + text.replace("{", "").strip()).encode()
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    assert "".join(json.loads(line)["output"] for line in reframed(*parts)) == data.decode()
