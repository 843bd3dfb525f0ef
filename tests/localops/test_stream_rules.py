"""Which streams break which rule, and what is remembered of each message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localops.streaming.examination import Examination
from localops.streaming.recording import MAX_MESSAGES, MAX_TEXT_BYTES, StreamMessage, StreamRecording
from localops.streaming.rules import READ_BYTES, Ending, Rule, broken_at_the_end

# A pace that production keeps up with.
GAP_S = 0.0625  # adds up without rounding


def output(text: str, **members: Any) -> bytes:
    return json.dumps({"output": text, **members}).encode()


def examined(*reads: bytes, gap_s: float = GAP_S, by_action: bool = True, late: bool = False) -> Examination:
    """Examine the bytes as production would read them when each part comes alone."""
    examination = Examination(StreamRecording())
    at_s = 0.0
    for read in reads:
        at_s += gap_s
        for start in range(0, len(read), READ_BYTES):
            examination.take(read[start : start + READ_BYTES], at_s, late)
    examination.end(at_s, by_action)
    return examination


def names(rules: list[Rule]) -> list[str]:
    return [rule.name for rule in rules]


@pytest.mark.parametrize(
    ("reads", "broken"),
    [
        ([output("one"), output("two")], []),
        ([output("one"), output("two", state="s")], []),
        ([output("one"), b"{}"], []),
        ([output("one"), b'{"state": "s"}'], []),
        ([b"{}"], []),
        ([b'{"state": "s"}'], []),
        ([], []),
        ([output("x" * (READ_BYTES - 14))], []),
        ([output('quoted "braces" } { and \\')], []),
        ([output("x" * (READ_BYTES - 13))], ["long-message"]),
        ([output("x" * 9000)], ["long-message"]),
        ([output("one") + output("two")], ["too-fast"]),
        ([output("one") + b" " + output("two")], ["too-fast"]),
        ([output("one") + b'{"output": "tw', b'o"}'], ["too-fast"]),
        ([b'{"output": "on', b'e"}' + output("two")], ["too-fast"]),
        ([b"plain text"], ["not-an-object"]),
        ([b'"a string"'], ["not-an-object"]),
        ([b'["a list"]'], ["not-an-object"]),
        ([b"42"], ["not-an-object"]),
        ([b"{'output': 'a dict printed'}"], ["not-an-object"]),
        ([output("one") + b"\n", output("two") + b"\n"], ["raw-newline"]),
        ([b"\n"], ["raw-newline"]),
        ([b'{\n  "output": "indented"\n}'], ["raw-newline"]),
        ([b'{"output": "one\ntwo"}'], ["raw-newline"]),
        ([b'{"state": "s"}', output("hidden")], ["text-hidden"]),
        ([b"{}", output("hidden")], ["text-hidden"]),
        ([b'{"output": ""}', output("hidden")], ["text-hidden"]),
        ([b'{"output": null}', output("hidden")], ["text-hidden"]),
        ([output("one"), b'{"output": "tw'], ["unfinished-message"]),
        (
            [b"{}" + output("a") + b"\n" + b"text"],
            ["too-fast", "text-hidden", "raw-newline", "not-an-object"],
        ),
    ],
)
def test_a_stream_breaks_these_rules_and_no_others(reads: list[bytes], broken: list[str]):
    assert names(examined(*reads).found) == broken


def test_each_rule_is_found_once_in_a_stream():
    assert names(examined(*[b"text"] * 5).found) == ["not-an-object"]


def test_messages_that_follow_too_closely_are_too_fast_though_each_has_its_read():
    reads = [output(str(number)) for number in range(10)]
    assert names(examined(*reads, gap_s=0.001).found) == ["too-fast"]
    assert names(examined(*reads[:3], gap_s=0.001).found) == []
    assert names(examined(*reads, gap_s=0.02).found) == []


def test_a_read_that_came_late_is_not_held_against_the_sender():
    reads = [output("one") + output("two")] * 5
    assert examined(*reads, gap_s=0.0001, late=True).found == []


def test_a_message_that_the_reader_cut_off_is_not_held_against_the_sender():
    assert examined(b'{"output": "tw', by_action=False).found == []


def messages(examination: Examination) -> list[StreamMessage]:
    return examination.recording.messages


def test_a_message_is_remembered_with_its_time_and_what_its_reads_did_to_it():
    long = output("x" * 5000)
    one, two = output("one"), output("two")
    found = messages(examined(one, two + two, long, b"text"))
    assert found == [
        StreamMessage(GAP_S, one, True),
        StreamMessage(GAP_S * 2, two, True, together=2),
        StreamMessage(GAP_S * 2, two, True, together=2),
        StreamMessage(GAP_S * 3, long, True, cuts=2),
        StreamMessage(GAP_S * 4, b"text", False),
    ]


def test_a_message_begins_when_its_first_byte_comes():
    (message,) = messages(examined(b'{"output":', b' "x"', b"}"))
    assert (message.at_s, message.cuts) == (GAP_S, 2)


def test_a_message_cut_by_its_neighbour_shows_the_cut():
    first, second = output("x" * 1500), output("y" * 1500)
    found = messages(examined(first + second))
    assert [(message.cuts, message.together) for message in found] == [(0, 2), (1, 1)]


def test_only_the_beginning_of_a_long_stream_is_kept_and_all_of_it_counted():
    recording = examined(*[output("x")] * (MAX_MESSAGES + 7)).recording
    assert (len(recording.messages), recording.count, recording.reads) == (
        MAX_MESSAGES,
        MAX_MESSAGES + 7,
        MAX_MESSAGES + 7,
    )
    recording = examined(*[output("x" * 1800)] * 100).recording
    assert sum(len(message.data) for message in recording.messages) < MAX_TEXT_BYTES + READ_BYTES
    assert recording.size == 100 * len(output("x" * 1800))


def ending(
    succeeded: bool = True,
    web_status: int | None = 200,
    connected: bool = True,
    reader_left: bool = False,
    duration_s: float = 1,
    timed_out: bool = False,
    returns_body: bool = False,
    may_be_told_to_wait: bool = True,
) -> Ending:
    return Ending(
        connected,
        reader_left,
        succeeded,
        duration_s,
        web_status,
        timed_out,
        returns_body,
        may_be_told_to_wait,
    )


@pytest.mark.parametrize(
    ("how", "broken"),
    [
        (ending(), []),
        (ending(web_status=204), []),
        (ending(duration_s=70), []),
        (ending(succeeded=False, web_status=None), []),
        (ending(connected=False), ["never-connects"]),
        (ending(connected=False, succeeded=False, web_status=400), []),
        (ending(connected=False, web_status=404), []),
        (ending(connected=False, succeeded=False, web_status=400, duration_s=61), ["never-connects"]),
        (ending(connected=False, succeeded=False, web_status=None), ["never-connects"]),
        (ending(connected=False, reader_left=True), []),
        (ending(connected=False, reader_left=True, succeeded=False, web_status=400), ["fails-late"]),
        (ending(reader_left=True, succeeded=False, web_status=400), ["fails-late"]),
        (ending(succeeded=False, web_status=400), ["fails-late"]),
        (ending(web_status=500), ["refuses-late"]),
        (ending(succeeded=False, web_status=400, duration_s=61), []),
        (ending(succeeded=False, web_status=400, duration_s=60, timed_out=True), ["time-limit"]),
        (ending(succeeded=False, web_status=400, timed_out=True), ["time-limit", "fails-late"]),
        (ending(returns_body=True), ["returns-body"]),
        (ending(returns_body=True, reader_left=True), ["returns-body"]),
        (ending(returns_body=True, reader_left=True, connected=False), ["returns-body"]),
        (ending(returns_body=True, connected=False), ["never-connects"]),
        (ending(returns_body=True, web_status=None), []),
        (ending(returns_body=True, web_status=500), ["refuses-late"]),
        (ending(returns_body=True, duration_s=61), []),
        (ending(may_be_told_to_wait=False), []),
        (ending(may_be_told_to_wait=False, duration_s=61), ["cut-at-the-wait"]),
        (ending(may_be_told_to_wait=False, duration_s=61, reader_left=True), []),
        (ending(may_be_told_to_wait=False, duration_s=61, web_status=None), []),
    ],
)
def test_an_ending_breaks_these_rules_and_no_others(how: Ending, broken: list[str]):
    assert names(broken_at_the_end(how)) == broken


def test_a_rule_names_the_action_the_effect_and_the_remedy():
    (rule,) = examined(b"text").found
    assert rule.sentence("chat/simple") == (
        "chat/simple sent text that is not a JSON object; readers drop it, and `ops ai` ends there. "
        'Send json.dumps({"output": text}).'
    )
