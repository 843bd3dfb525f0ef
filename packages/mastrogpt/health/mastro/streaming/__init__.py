"""Send a reply to its reader while it is being made.

    reply()     what an action returns
      Reply     what the action writes to
        Outbox    what waits, and how it is cut into messages
        Delivery  the loop that sends it, and ends it when the reader leaves or time is up
          Reader    the connection to the streamer

Wire: one TCP connection per activation, made before anything else, with one JSON object per message, in
ASCII. OpenServerless's streamer passes on each read of at most 2048 bytes from a buffer that it overwrites
with the next one, so messages that are larger, or closer to each other than it can write, are damaged. It
drops the action's result, and ends, with everybody's stream, when it cannot pass that result on: an action
that was called through it returns no body.
Source: openserverless-streamer, src/tcp/tcpserver.go and src/handlers/web_action_handler.go, and measurements
of it under load.
"""

from .delivery import Ended
from .reader import Unreachable
from .reply import Reply, deliver, reply, whole

__all__ = ["Ended", "Reply", "Unreachable", "deliver", "reply", "whole"]
