"""One activation that may stream: run it, hand out what it sends, check it against production's rules."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence

from localops.errors import RequestError
from localops.openwhisk.entities import Activation
from localops.runtime.runner import Runner
from localops.streaming.examiner import StreamExaminer
from localops.streaming.listener import StreamListener
from localops.streaming.loop_delay import LoopDelay
from localops.streaming.recording import StreamRecording
from localops.streaming.rules import NEVER_CLOSES, SECOND_CONNECTION, Ending, Rule, broken_at_the_end
from localops.streaming.warnings import StreamWarnings
from localops.streaming.web_call import WebCall

# A connection that stays silent for so long after its activation has ended will never be closed.
_MAX_SILENCE_S = 2.0
# Streams whose messages are remembered.
_MAX_RECORDINGS = 200


class Streams:
    """Starts streams and remembers the last of them.

    Attributes:
        recordings: by activation id, the oldest first.
    """

    def __init__(self, runner: Runner, warnings: StreamWarnings) -> None:
        self.runner = runner
        self.warnings = warnings
        self.delay = LoopDelay()
        self.recordings: OrderedDict[str, StreamRecording] = OrderedDict()

    def open_listener(self) -> StreamListener:
        """Open what an action connects to; the caller starts a stream with it or closes it.

        Raises:
            RequestError: 500, the system has no listener left.
        """
        try:
            return StreamListener(self.delay)
        except OSError as error:
            text = f"No stream can be opened: {error.strerror}; wait for others to end, or raise `ulimit -n`"
            raise RequestError(500, text) from error

    def start(
        self, listener: StreamListener, activation: Activation, web_call: WebCall | None
    ) -> StreamSession:
        """Run the action, which has the listener's address among its arguments.

        Args:
            web_call: what production's streamer asks and waits for; None where it waits for nothing.
        """
        session = StreamSession(self, listener, activation, web_call)
        self.recordings[activation.id] = session.recording
        if len(self.recordings) > _MAX_RECORDINGS:
            self.recordings.popitem(last=False)
        return session


class StreamSession:
    """A running stream. Whoever started it reads to the end, and leaves in any case.

    Attributes:
        web_call: None where nobody waits for what the action returns.
        recording: what is remembered of it.
        reader_left: before the end.
        was_cut: the stream ended because the action's process did: the answer may be incomplete.
    """

    def __init__(
        self, streams: Streams, listener: StreamListener, activation: Activation, web_call: WebCall | None
    ) -> None:
        self.activation = activation
        self.web_call = web_call
        self.recording = StreamRecording(web=web_call is not None)
        self.reader_left = False
        self.was_cut = False
        self._streams = streams
        self._listener = listener
        self._examiner = StreamExaminer(time.monotonic(), self.recording)
        self._at_end = asyncio.Event()
        listener.connected.add_done_callback(self._note_connection)
        self._task = streams.runner.start(activation)
        streams.runner.start_task(self._see_to_the_end())

    def _note_connection(self, _: asyncio.Future[None]) -> None:
        if self._listener.connection is not None:
            self._listener.connection.end.add_done_callback(self._note_end)

    def _note_end(self, _: asyncio.Future[None]) -> None:
        # Asked at the very end: a process that dies a moment later had closed its stream itself.
        self.was_cut = not self.reader_left and self._streams.runner.has_lost_process(self.activation)

    async def read(self) -> list[bytes]:
        """Return what has come since the last call, as it came; nothing at the end or without a stream."""
        if self._listener.connection is None:
            await self._connection_or_end()
        connection = self._listener.connection
        if connection is None:
            self._at_end.set()
            return []
        if not connection.arrivals:
            # Nothing waits to be relayed: the time to look at what was.
            self._warn(self._examiner.examine_some())
        arrivals = await connection.read()
        self._examiner.add(arrivals)
        if not arrivals:
            self._at_end.set()
        return [arrival.data for arrival in arrivals]

    async def _connection_or_end(self) -> None:
        await asyncio.wait({self._listener.connected, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if self._listener.connection is None:
            # It may have connected and ended before this process looked.
            self._listener.accept()

    async def outcome(self, timeout_s: float | None = None) -> Activation | None:
        """Return the activation when it has ended; None when it goes on for longer than `timeout_s`."""
        await asyncio.wait({self._task}, timeout=timeout_s)
        return self.activation if self._task.done() else None

    def leave(self) -> None:
        """Read no more; before the end, this closes the action's connection at once."""
        if not self._at_end.is_set():
            self.reader_left = True
            self._listener.close()
            self._at_end.set()

    async def _see_to_the_end(self) -> None:
        """Check the activation against the rules when it has ended, and let go of the sockets."""
        with self._streams.delay.measuring():
            await asyncio.wait({self._task})
            self._listener.accept()
            await self._close_when_silent()
            await self._at_end.wait()
        self._listener.close()
        self._warn(await self._examiner.finish(self._was_closed_by_action()))
        if self._listener.later_connections:
            self._warn([SECOND_CONNECTION])
        self._warn(broken_at_the_end(self._ending()))

    async def _close_when_silent(self) -> None:
        connection = self._listener.connection
        while connection is not None and not connection.ended:
            count = connection.arrival_count
            await asyncio.wait({connection.end}, timeout=_MAX_SILENCE_S)
            if connection.is_reading and connection.arrival_count == count:
                self._warn([NEVER_CLOSES])
                connection.close()

    def _was_closed_by_action(self) -> bool:
        connection = self._listener.connection
        return not self.reader_left and connection is not None and not connection.torn

    def _ending(self) -> Ending:
        activation, call = self.activation, self.web_call
        return Ending(
            connected=self._listener.connection is not None,
            succeeded=activation.status == "success",
            reader_left=self.reader_left,
            duration_s=activation.duration_ms / 1000,
            web_status=call.status_for_any_reader(activation) if call else None,
            timed_out=activation.timed_out,
            returns_body=call is not None and call.returns_body(activation),
            may_be_told_to_wait=call is None or call.may_be_told_to_wait,
        )

    def _warn(self, rules: Sequence[Rule]) -> None:
        if rules:
            self.recording.broken += [rule.name for rule in rules]
            self._streams.warnings.add(self.activation, rules)
