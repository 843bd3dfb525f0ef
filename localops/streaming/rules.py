"""The rules that a stream must follow to survive production, and those that an ending breaks. Pure.

Every rule stands for something that the real streamer or its readers hang on, crash on, lose or cut.
Source: apache/openserverless-streamer src/tcp/tcpserver.go, src/handlers/web_action_handler.go;
apache/openwhisk WebActions.scala; mastrogpt/olaris-ai stream.py, chat.py.
"""

from __future__ import annotations

from dataclasses import dataclass

READ_BYTES = 2048
# OpenWhisk answers the streamer after this time, whatever becomes of the action.
MAX_WAIT_S = 60


@dataclass(frozen=True)
class Rule:
    """A rule, described by what an action that breaks it did.

    Attributes:
        did: follows the action's name.
        effect: what comes of it in production.
        remedy: what to do instead, as a sentence without its full stop.
    """

    name: str
    did: str
    effect: str
    remedy: str

    def sentence(self, action: str) -> str:
        return f"{action} {self.did}; {self.effect}. {self.remedy}."


NEVER_CONNECTS = Rule(
    "never-connects",
    "ended without connecting",
    "production lets the reader wait for ever",
    "Connect to STREAM_HOST and STREAM_PORT first, always, whatever there is to say",
)
NEVER_CLOSES = Rule(
    "never-closes",
    "ended and left its connection open",
    "production lets the reader wait for ever",
    "Close the connection before returning, best with a `with` block",
)
FAILS_LATE = Rule(
    "fails-late",
    "failed after its stream had ended",
    "this ends production's streamer for everybody who is using it",
    "Send the error as text, close the connection and return normally",
)
REFUSES_LATE = Rule(
    "refuses-late",
    "answered a status other than 2xx after its stream had ended",
    "this ends production's streamer for everybody who is using it",
    "Send the error as text and return a status of 2xx",
)
RETURNS_BODY = Rule(
    "returns-body",
    "returned a body after it had streamed",
    "to a reader whose `Accept` excludes the type of that body OpenWhisk answers 406, and this ends "
    "production's streamer for everybody who is using it",
    'Return {"statusCode": 204} and no body whenever STREAM_HOST is among the arguments',
)
CUT_AT_THE_WAIT = Rule(
    "cut-at-the-wait",
    f"streamed for more than {MAX_WAIT_S} seconds to a reader whose `Accept` excludes JSON",
    "production's streamer ends such an answer there, because OpenWhisk's 202 is of that type",
    "Have the reader accept `*/*`, or end within that time",
)
TIME_LIMIT = Rule(
    "time-limit",
    "was ended at its time limit while it streamed",
    "production cuts the answer off there as well",
    "Raise the limit with a line `#--timeout 300000` (milliseconds, the maximum)",
)
SECOND_CONNECTION = Rule(
    "second-connection",
    "connected a second time",
    "production drops all that such a connection sends",
    "Keep one connection open for the whole answer",
)
LONG_MESSAGE = Rule(
    "long-message",
    f"sent a message of more than {READ_BYTES} bytes",
    "production cuts it with line breaks and damages it",
    "Cut long text into several messages of less than 2000 bytes, with 50 ms between them",
)
TOO_FAST = Rule(
    "too-fast",
    "sent messages faster than production passes them on",
    "production puts several on one line, and loses and doubles parts of them",
    "Collect the text of at least 50 ms and send it as one message of less than 2000 bytes",
)
NOT_AN_OBJECT = Rule(
    "not-an-object",
    "sent text that is not a JSON object",
    "readers drop it, and `ops ai` ends there",
    'Send json.dumps({"output": text})',
)
UNFINISHED = Rule(
    "unfinished-message",
    "closed its connection in the middle of a message",
    "readers drop what came of it",
    "Send each message whole with `sendall`",
)
RAW_NEWLINE = Rule(
    "raw-newline",
    "sent a raw line break",
    "readers that go by lines meet a blank or a broken one, and `ops ai` ends there",
    "Send json.dumps(...) without an indent, and nothing before, between or after",
)
TEXT_HIDDEN = Rule(
    "text-hidden",
    "sent a message without `output` before text",
    "`ops ai` shows nothing that comes after such a message",
    "Send `state` and the like together with text, or last",
)


@dataclass(frozen=True)
class Ending:
    """The end of an activation that was asked to stream.

    Attributes:
        reader_left: before the end of the stream.
        succeeded: the activation's status is `success`.
        web_status: the status of its web answer; None when nobody waits for one.
        returns_body: that answer has a body.
        may_be_told_to_wait: the reader accepts the 202 of an action that takes long.
    """

    connected: bool
    reader_left: bool
    succeeded: bool
    duration_s: float
    web_status: int | None
    timed_out: bool = False
    returns_body: bool = False
    may_be_told_to_wait: bool = True


def broken_at_the_end(ending: Ending) -> list[Rule]:
    """Return the rules that an activation broke by the way it ended."""
    is_web, in_time = ending.web_status is not None, ending.duration_s < MAX_WAIT_S
    succeeds = 200 <= (ending.web_status or 200) < 300
    if not ending.connected and not ending.reader_left:
        # A refusal that comes before the stream is passed on to the reader, as it should be.
        return [NEVER_CONNECTS] if succeeds or not in_time else []
    found = [TIME_LIMIT] if ending.timed_out else []
    if is_web and in_time and not succeeds:
        found.append(REFUSES_LATE if ending.succeeded else FAILS_LATE)
    if is_web and in_time and succeeds and ending.returns_body:
        found.append(RETURNS_BODY)
    if is_web and not in_time and not ending.may_be_told_to_wait and not ending.reader_left:
        found.append(CUT_AT_THE_WAIT)
    return found
