"""What each kind of client would see of the same bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.readers import ChunkReader, IncrementalReader, LineReader, Reader, objects_in

A, B = b'{"output": "a"}', b'{"output": "b"}'


def fed(reader: Reader, *reads: bytes) -> Reader:
    for read in reads:
        reader.feed(read)
    reader.end()
    return reader


def test_one_object_a_line_and_a_read_is_read_by_all():
    for reader in (IncrementalReader(), LineReader(), ChunkReader()):
        assert fed(reader, A + b"\n", B + b"\n").text == "ab"
        assert reader.fault == ""


@settings(deadline=None)
@given(st.lists(st.text(), max_size=20), st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_any_text_relayed_in_any_reads_and_cut_anywhere_is_read_whole(
    texts: list[str], relayed_bytes: int, read_bytes: int, ascii_only: bool
):
    sent = b"".join(json.dumps({"output": text}, ensure_ascii=ascii_only).encode() for text in texts)
    relayed = b"".join(piece + b"\n" for piece in pieces(sent, relayed_bytes))
    reader = fed(IncrementalReader(), *pieces(relayed, read_bytes))
    assert (reader.text, reader.fault) == ("".join(texts), "")


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_an_incremental_reader_tells_of_an_object_that_never_ended():
    assert "{" in fed(IncrementalReader(), A + b'{"outp').fault


class TestLineReader:
    @pytest.mark.parametrize("line", [A + B, b"", b"[1]", b"oops", A[:7]])
    def test_it_dies_at_a_line_that_is_not_exactly_one_object(self, line: bytes):
        reader = fed(LineReader(), A + b"\n" + line + b"\n" + B + b"\n")
        assert reader.text == "a"
        assert "died at the line" in reader.fault

    @pytest.mark.parametrize("silent", [b"{}", b'{"state": "s"}', b'{"output": ""}'])
    def test_it_takes_an_object_without_output_for_the_end(self, silent: bytes):
        reader = LineReader()
        fed(reader, A + b"\n" + silent + b"\n" + B + b"\n")
        assert (reader.text, reader.stopped, reader.fault) == ("a", True, "")

    def test_where_the_network_cuts_a_line_is_all_the_same(self):
        assert fed(LineReader(), A[:5], A[5:] + b"\n" + B).text == "ab"


class TestChunkReader:
    def test_several_objects_and_space_between_them_in_one_read_are_fine(self):
        assert fed(ChunkReader(), b"\n " + A + b"\n\n" + B + b" {}").text == "ab"

    def test_an_object_cut_between_two_reads_loses_both(self):
        reader = ChunkReader()
        fed(reader, A + B[:5], B[5:], A)
        assert (reader.text, reader.lost_reads) == ("a", 2)

    @pytest.mark.parametrize("read", [A + b"oops", b'{"output": "a\n"}', b"\xff" + A])
    def test_what_is_no_json_loses_its_read(self, read: bytes):
        reader = ChunkReader()
        assert fed(reader, read, B).text == "b"
        assert reader.lost_reads == 1
        assert "lost the read" in reader.fault

    def test_a_character_cut_between_two_reads_is_carried_over(self):
        assert fed(ChunkReader(), A + "è".encode()[:1], "è".encode()[1:]).fault != ""

    def test_state_replaces_the_chats_state(self):
        reader = ChunkReader()
        fed(reader, b'{"state": "one"}{}{"output": "x", "state": "two"}{"output": "y"}')
        assert (reader.state, reader.text) == ("two", "xy")

    def test_a_token_that_is_json_itself_is_drawn_with_the_next_one(self):
        reader = ChunkReader()
        reader.feed(A + b'{"output": "42"}')
        assert (reader.text, reader.drawn) == ("a42", "a")
        reader.feed(B)
        assert reader.drawn == "a42b"

    def test_braces_and_quotes_inside_strings_do_not_count(self):
        assert objects_in('{"output": "}{\\"\\\\"}') == [{"output": '}{"\\'}]
