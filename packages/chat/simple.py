"""Ask a model one question and wait for the whole answer: the smallest way to talk to one."""
# --kind python:default
# --web true
# --timeout 300000
# --param OLLAMA_HOST "$OLLAMA_HOST"
# --param OLLAMA_PROTO "$OLLAMA_PROTO"
# --param AUTH "$AUTH"
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Simple::'

import base64
import os
import socket
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit

import requests

MODEL = "llama3.1:8b"
# To connect, and to answer: a web action's caller hears nothing after a minute.
TIMEOUTS_S = (10, 55)
NEAR = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - what servers are told to listen on


class NoAnswer(Exception):
    """What goes wrong, for the person who asked."""


def main(args: dict[str, Any]) -> dict[str, Any]:
    if args.get("STREAM_HOST"):
        return end_stream(args)
    question = args.get("input")
    try:
        admitted(args)
        output = ask(args, str(question)) if question else f"Welcome: type a question for {MODEL}."
    except NotAdmitted as error:
        return {"body": {"output": str(error), **ASK_FOR_LOGIN}}
    except NoAnswer as error:
        output = str(error)
    # Half a surrogate pair is not text that the runtime could write.
    return {"body": {"output": output.encode(errors="replace").decode()}}


def ask(args: dict[str, Any], question: str) -> str:
    """Return the model's answer, or raise a NoAnswer that says why there is none and what to do."""
    url, headers = ollama(args)
    server = f"The model server at {urlsplit(url).netloc}"
    body = {"model": MODEL, "prompt": question, "stream": False}
    try:
        with requests.Session() as client:
            # Neither a proxy nor a netrc file of the machine has a say, and no other server gets AUTH.
            client.trust_env = False
            answer = client.post(url, json=body, headers=headers, timeout=TIMEOUTS_S, allow_redirects=False)
        found = answer.json()
    except requests.JSONDecodeError as error:
        raise NoAnswer(f"{server} does not answer as Ollama does: check OLLAMA_HOST and AUTH.") from error
    except requests.ReadTimeout as error:
        raise NoAnswer(f"{server} was silent for {TIMEOUTS_S[1]} s: it may be busy, try again.") from error
    except requests.RequestException as error:
        raise NoAnswer(f"{server} cannot be reached: check that it runs, OLLAMA_HOST and AUTH.") from error
    fields = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if isinstance(output := fields.get("response"), str):
        return output
    if answer.status_code == requests.codes.not_found:
        raise NoAnswer(f"The model {MODEL} is not there: get it with `ollama pull {MODEL}`.")
    raise NoAnswer(f"{server} gave no answer ({answer.status_code}): try again, or check OLLAMA_HOST.")


def ollama(args: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Return the address to ask, and AUTH (`user:password` or a token) in a header, never in the address."""
    host, proto, auth = (
        str(args.get(name) or os.environ.get(name) or "").strip()
        for name in ("OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")
    )
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        near, port = parts.hostname in NEAR, parts.port
        scheme = proto or parts.scheme or ("http" if near else "https")
        if not parts.hostname or "@" in host or scheme not in ("http", "https"):
            raise ValueError
    except ValueError as error:
        raise NoAnswer("OLLAMA_HOST is not a host, host:port or URL without a password.") from error
    if auth and not (near or scheme == "https"):
        raise NoAnswer("AUTH is not sent over plain http, where others could read it: use https.")
    place = parts.netloc if port or parts.scheme or not near else f"{parts.netloc}:11434"
    sent = b"Basic " + base64.b64encode(auth.encode()) if ":" in auth else b"Bearer " + auth.encode()
    return f"{scheme}://{place}{parts.path.rstrip('/')}/api/generate", {"Authorization": sent} if auth else {}


def end_stream(args: dict[str, Any]) -> dict[str, Any]:
    """Tell whoever asked through the streamer, which waits for a connection, that nothing streams here."""
    with suppress(OSError, ValueError):  # nobody is there to be told
        address = (str(args["STREAM_HOST"]), int(args.get("STREAM_PORT") or 0))
        with socket.create_connection(address, TIMEOUTS_S[0]) as stream:
            stream.sendall(b'{"output": "This chat does not stream: call it by its web address."}')
    # The streamer drops a result, and one that it cannot pass on would end it.
    return {"statusCode": 204}


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
