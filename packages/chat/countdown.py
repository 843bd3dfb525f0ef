"""Stream without a model: count down to zero, a number a second."""
# --kind python:default
# --web true
# --timeout 300000
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Countdown::'

import json
import os
import select
import socket
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

PAUSE_S = 1.0
MAX_DIGITS = 6
SEND_TIMEOUT_S = 5.0
# Kept back from the action's time limit, to say so and to return.
RESERVED_S = 2.0
GREETING = "Type a number greater than 0 to count down from."
TIME_IS_OVER = "The answer is cut here, because the time this action has is over."


class ReaderLeft(Exception):
    """Nobody reads the stream."""


def main(args: dict[str, Any]) -> dict[str, Any]:
    text, members = str(args.get("input") or "").strip(), dict[str, Any]()
    number = int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0
    try:
        admitted(args)
        lines = count_to_zero(number) if number else [GREETING]
    except NotAdmitted as error:
        lines, members = [str(error)], ASK_FOR_LOGIN
    output = stream(args, lines, members)
    if args.get("STREAM_HOST"):
        # The streamer drops a result, and one that it cannot pass on would end it.
        return {"statusCode": 204}
    return {"body": {"output": output, "streaming": True, **members}}


def count_to_zero(n: int) -> Generator[str]:
    """Yield `n...` and so on down to `1...`, a second apart, then `Go!`."""
    for number in range(n, 0, -1):
        yield f"{number}...\n"
        time.sleep(PAUSE_S)
    yield "Go!\n"


def stream(args: Mapping[str, Any], lines: Iterable[str], members: Mapping[str, Any] | None = None) -> str:
    """Send each line to STREAM_HOST and STREAM_PORT as soon as it is there, and return them joined.

    End early when the reader leaves, and before the runtime would end the action, which says when in
    milliseconds since 1970. A line is one message, of at most 1900 bytes; they must come 50 ms apart.
    """
    ends_at = float(os.environ.get("__OW_DEADLINE") or "inf") / 1000 - RESERVED_S
    sent: list[str] = []
    try:
        # First of all, because the streamer waits for the connection.
        with connected(args) as reader:
            for line in lines:
                is_late = time.time() >= ends_at
                sent.append(TIME_IS_OVER if is_late else line)
                send(reader, {"output": sent[-1], **(members or {})})
                if is_late:
                    break
    except ReaderLeft:
        pass  # nobody is there to be told
    return "".join(sent)


def connected(args: Mapping[str, Any]) -> AbstractContextManager[socket.socket | None]:
    if not args.get("STREAM_HOST"):
        return nullcontext()
    try:
        return socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), SEND_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise ReaderLeft from error


def send(reader: socket.socket | None, message: Mapping[str, Any]) -> None:
    if reader is None:
        return
    try:
        if select.select([reader], [], [], 0)[0] and not reader.recv(1024):
            raise ConnectionAbortedError
        reader.sendall(json.dumps(message).encode())
    except OSError as error:
        raise ReaderLeft from error


# What follows is copied, and brings its own imports.
# ruff: noqa: E402, F811
# pyright: reportDuplicateImport=false

# region login check: copied from mastro/session.py by python3 -m localops sync
"""Know who is asking, by a token that only `mastrogpt/login` can have issued.

It is `<user>.<expiry>.<signature>`: a name, Unix seconds, and HMAC-SHA256 over both; two in URL-safe base64.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

LOG_IN = "Please log in to use this chat; a login lasts one day."
# What an answer that refuses carries beside its sentence: a page then asks for the login. Others ignore it.
ASK_FOR_LOGIN = {"login": True}


class NotAdmitted(Exception):
    """Whoever asks may not use the chat; the text is for them."""


def admitted(args: Mapping[str, Any]) -> str:
    """Return the user whose `token` is among the arguments; "" without LOGIN_SECRET, when all may chat.

    Raises:
        NotAdmitted: LOGIN_SECRET is set, and the token is missing, expired or not signed with it.
    """
    secret = str(args.get("LOGIN_SECRET") or os.environ.get("LOGIN_SECRET") or "")
    if not secret:
        _warn_that_all_may_chat()
        return ""
    user = user_of(str(args.get("token") or ""), secret.encode())
    if user is None:
        raise NotAdmitted(LOG_IN)
    return user


def user_of(token: str, secret: bytes) -> str | None:
    """Return the user whom a token names; None when it is malformed, expired or not signed with `secret`."""
    claim, _, given = token.rpartition(".")
    if not hmac.compare_digest(given.encode(errors="replace"), signature(claim, secret).encode()):
        return None
    name, _, expiry = claim.partition(".")
    if int(expiry) < time.time():
        return None
    return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()


def signature(claim: str, secret: bytes) -> str:
    return encoded(hmac.digest(secret, claim.encode(errors="replace"), hashlib.sha256))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@cache
def _warn_that_all_may_chat() -> None:
    # As `logging` would, whose import costs a cold process a tenth of its start.
    sys.stderr.write("LOGIN_SECRET is not set, so anybody may use this chat\n")


# endregion login check
