"""What an action returns, and what it writes its reply to."""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, cast

from ..log import warn
from .delivery import Delivery, T
from .outbox import Outbox, clean
from .reader import Reader, Unreachable, connect

NOT_STREAMED = "This action does not stream: call it by its web address."

WebAnswer = dict[str, Any]


class Reply:
    """The text of one reply, for whoever makes it.

    Attributes:
        first_members: members that go with the first output, or alone at the end if there is none; the
            action's result has them too.
        members: further members of the result.
        last_members: members that go last, in a message without output, for a client that asked for them.
    """

    def __init__(self, reader: Reader | None) -> None:
        self._outbox = Outbox(is_read=reader is not None)
        self._delivery = Delivery(self._outbox, reader)
        self.first_members = self._outbox.first_members
        self.last_members = self._outbox.last_members
        self.members: dict[str, Any] = {}

    @property
    def ended(self) -> str:
        """Why the reply ended before it was whole: `left`, `stopped` or `cut`; "" while it goes on."""
        return self._delivery.ended

    def write(self, text: str, member: str = "output") -> None:
        """Add text of the model; wait while the reader is too far behind.

        Raises:
            Ended: nobody waits for more.
        """
        self._delivery.write(text, member)

    def say(self, sentence: str) -> None:
        """Add a sentence of the action, as a paragraph of its own.

        Raises:
            Ended: nobody waits for more.
        """
        self._delivery.say(sentence)

    def paced(self, source: Iterable[T]) -> Generator[T]:
        """Yield from a source that keeps what nobody takes, such as a socket, only when a message may go."""
        return self._delivery.paced(source)

    def on_end(self, close: Callable[[], object]) -> None:
        """Have `close` called when the reply ends before it is whole; at once if it has."""
        self._delivery.on_end(close)

    def end(self, why: str) -> None:
        """End the reply where it is, from any thread; what still waits is not sent."""
        self._delivery.end(why)

    def run(self, make: Callable[["Reply"], object]) -> None:
        """Let `make` write the reply, and return when it is sent or has ended."""
        self._delivery.run(lambda: make(self))

    def body(self) -> dict[str, Any]:
        """Return the text, as far as a result may hold it, with the members."""
        return {"output": "", **self._outbox.kept(), "streaming": True, **self.first_members, **self.members}


def deliver(args: Mapping[str, Any], make: Callable[[Reply], object]) -> Reply:
    """Let `make` write a reply, send it to STREAM_HOST and STREAM_PORT if they are given, and return it.

    `make` runs in a thread of its own, so that neither a silent model nor a sleeping generator keeps this
    one from sending, or from leaving when the reader does. Its errors go to the log, and a sentence to the
    reader.

    Raises:
        Unreachable: nobody listens there; `make` was not called.
    """
    written = Reply(connect(args))
    written.run(make)
    return written


def reply(args: Mapping[str, Any], make: Callable[[Reply], object]) -> WebAnswer:
    """Return the web answer of an action that streams what `make` writes.

    Returns:
        No body when STREAM_HOST is given, whatever happens: the streamer drops it, and ends, with everybody's
        stream, when the caller's `Accept` header excludes it. Else `output`, `streaming`, and where there are
        some `thinking` and the members that `make` added.
    """
    try:
        written = deliver(args, make)
    except Unreachable as error:
        warn("%s", error)
        return _without_body()
    return _without_body() if args.get("STREAM_HOST") else {"body": written.body()}


def whole(args: Mapping[str, Any], answer: Callable[[Mapping[str, Any]], WebAnswer]) -> WebAnswer:
    """Return the web answer of an action that does not stream, with text that can be written.

    The streamer would wait for a connection for ever, and could end over the answer. So when it is the one
    that called, it gets the answer's `output` and `state`, or a sentence, in a stream.
    """
    if args.get("STREAM_HOST"):
        return reply(args, lambda written: _write_whole(answer(args).get("body"), written))
    given = answer(args)
    return {**given, "body": _writable(given["body"])} if "body" in given else given


def _writable(body: Any) -> Any:
    """Return a body whose text the runtime can write: without half a surrogate pair."""
    if isinstance(body, str):
        return clean(body)
    members = cast("dict[str, Any]", body) if isinstance(body, dict) else dict[str, Any]()
    output = members.get("output")
    return {**members, "output": clean(output)} if isinstance(output, str) else cast("Any", body)


def _write_whole(body: object, written: Reply) -> None:
    members = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if "state" in members:
        written.first_members["state"] = members["state"]
    written.write(str(members.get("output") or NOT_STREAMED))


def _without_body() -> WebAnswer:
    return {"statusCode": 204}
