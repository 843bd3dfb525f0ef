"""One activation that may stream: invoke it, hand out what it sends, judge it by production's rules."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localops.errors import RequestError
from localops.openwhisk import web_action
from localops.openwhisk.entities import Action, Activation
from localops.runtime.runner import Runner
from localops.streaming.examiner import StreamExaminer
from localops.streaming.loop_delay import LoopDelay
from localops.streaming.recording import StreamRecording
from localops.streaming.rules import NEVER_CLOSES, SECOND_CONNECTION, Ending, Rule, broken_at_the_end
from localops.streaming.streamer import StreamListener
from localops.streaming.warnings import StreamWarnings

# A connection that is silent for so long after its activation has ended will never be closed.
LONGEST_SILENCE_S = 2.0
# Streams whose messages are remembered.
KEPT = 200

MakeArguments = Callable[[Mapping[str, str]], Mapping[str, Any]]


class Streams:
    """Starts streams and remembers the last KEPT of them.

    Attributes:
        recordings: by activation id, the oldest first.
    """

    def __init__(self, runner: Runner, warnings: StreamWarnings) -> None:
        self.runner = runner
        self.warnings = warnings
        self.delay = LoopDelay()
        self.recordings: OrderedDict[str, StreamRecording] = OrderedDict()

    def start(self, action: Action, make_arguments: MakeArguments, web: bool) -> StreamSession:
        """Open a listener and invoke the action.

        Args:
            make_arguments: gives the action's arguments, from STREAM_HOST and STREAM_PORT.
            web: the action is called as a web action, whose answer production's streamer waits for.

        Raises:
            RequestError: `make_arguments` refuses the request, or the system gives no listener.
        """
        with contextlib.ExitStack() as undo:
            listener = self.new_listener()
            undo.callback(listener.close)
            activation = Activation(action, make_arguments(listener.arguments()))
            session = StreamSession(self, listener, activation, web)
            undo.pop_all()
        self.recordings[activation.id] = session.examiner.recording
        if len(self.recordings) > KEPT:
            self.recordings.popitem(last=False)
        return session

    def new_listener(self) -> StreamListener:
        try:
            return StreamListener(self.delay)
        except OSError as error:
            text = f"No stream can be opened: {error.strerror}; wait for others to end, or raise `ulimit -n`"
            raise RequestError(500, text) from error


class StreamSession:
    """A running stream. Whoever started it reads to the end, and leaves in any case.

    Attributes:
        was_cut: the stream ended because the action's process did: the answer may be incomplete.
    """

    def __init__(self, streams: Streams, listener: StreamListener, activation: Activation, web: bool) -> None:
        self.streams = streams
        self.listener = listener
        self.activation = activation
        self.web = web
        self.examiner = StreamExaminer(time.monotonic(), StreamRecording(web))
        self.reader_left = False
        self.was_cut = False
        self.at_end = asyncio.Event()
        listener.connected.add_done_callback(self.note_connection)
        self.task = streams.runner.start(activation)
        streams.runner.start_task(self.see_to_the_end())

    def note_connection(self, _: asyncio.Future[None]) -> None:
        if self.listener.connection is not None:
            self.listener.connection.end.add_done_callback(self.note_end)

    def note_end(self, _: asyncio.Future[None]) -> None:
        # Asked at the very end: a process that dies a moment later had closed its stream itself.
        self.was_cut = not self.reader_left and self.streams.runner.has_lost_process(self.activation)

    async def read(self) -> list[bytes]:
        """What has come since the last call, as it came; empty at the end, or if there is no stream."""
        if self.listener.connection is None:
            await self.connection_or_end()
        connection = self.listener.connection
        if connection is None:
            self.at_end.set()
            return []
        if not connection.arrivals:
            # Nothing waits to be relayed: the time to look at what was.
            self.warn(self.examiner.examine_some())
        arrivals = await connection.read()
        self.examiner.add(arrivals)
        if not arrivals:
            self.at_end.set()
        return [arrival.data for arrival in arrivals]

    async def connection_or_end(self) -> None:
        await asyncio.wait({self.listener.connected, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if self.listener.connection is None:
            # It may have connected and ended before this process looked.
            self.listener.accept()

    async def outcome(self, timeout_s: float | None = None) -> Activation | None:
        """The activation when it has ended; None when it goes on for longer than `timeout_s`."""
        await asyncio.wait({self.task}, timeout=timeout_s)
        return self.activation if self.task.done() else None

    def leave(self) -> None:
        """Read no more; before the end, this closes the action's connection at once."""
        if not self.at_end.is_set():
            self.reader_left = True
            self.listener.close()
            self.at_end.set()

    async def see_to_the_end(self) -> None:
        """Hold the activation against the rules when it has ended, and let go of the sockets."""
        with self.streams.delay.measuring():
            await asyncio.wait({self.task})
            self.listener.accept()
            await self.close_when_silent()
            await self.at_end.wait()
        self.listener.close()
        self.warn(await self.examiner.finish(self.was_closed_by_action()))
        if self.listener.later_connections:
            self.warn([SECOND_CONNECTION])
        self.warn(broken_at_the_end(self.ending()))

    async def close_when_silent(self) -> None:
        connection = self.listener.connection
        while connection is not None and not connection.ended:
            count = connection.arrival_count
            await asyncio.wait({connection.end}, timeout=LONGEST_SILENCE_S)
            if connection.is_reading and connection.arrival_count == count:
                self.warn([NEVER_CLOSES])
                connection.close()

    def was_closed_by_action(self) -> bool:
        connection = self.listener.connection
        return not self.reader_left and connection is not None and not connection.torn

    def ending(self) -> Ending:
        return Ending(
            connected=self.listener.connection is not None,
            succeeded=self.activation.status == "success",
            reader_left=self.reader_left,
            duration_s=self.activation.duration_ms / 1000,
            web_status=web_status(self.activation) if self.web else None,
            timed_out=self.activation.timed_out,
        )

    def warn(self, rules: Sequence[Rule]) -> None:
        if rules:
            self.examiner.recording.broken += [rule.name for rule in rules]
            self.streams.warnings.add(self.activation, rules)


def web_status(activation: Activation) -> int:
    """The status that a finished activation's web answer has."""
    try:
        return web_action.response(activation, "http").status
    except RequestError as error:
        return error.status
