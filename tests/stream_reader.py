"""The reader of a stream, and what it has in the end."""

from __future__ import annotations

from typing import Any

from streamock import Streamock


def streamed(answer: dict[str, Any], mock: Streamock) -> dict[str, Any]:
    """Return what the reader of a stream has in the end, as the body would have it without a stream.

    Behind the streamer an action returns no body, whatever happens: one that the streamer cannot pass on
    would end it, and everybody's stream with it.
    """
    assert answer == {"statusCode": 204}
    mock.wait_closed()
    body: dict[str, Any] = {"output": "", "streaming": True}
    for frame in mock.frames():
        for member, value in frame.items():
            body[member] = body.get(member, "") + value if member in ("output", "thinking") else value
    return body
