"""Turn what goes wrong with a model server into the one sentence that a person reads.

Source: Ollama's server/routes.go for its own errors; proxies add 401, 403, 502 and 504 in HTML.
"""

import json
import socket
import ssl
from http import HTTPStatus
from typing import Any, cast

from .errors import Kind, ModelError, NotOffered
from .server import Server

SHOWN_CHARS = 300
# Of a server, or of what stands before it, that does not let everybody ask everything.
OF_THE_PATH = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
# What a status means where the server's own words do not tell.
KINDS: dict[int, Kind] = {
    400: "request",
    401: "key",
    402: "busy",
    403: "key",
    404: "missing",
    413: "context",
    422: "request",
    429: "busy",
    503: "busy",
    529: "busy",
}


def unreachable(server: Server, error: OSError) -> ModelError:
    """Return the error for a failure to connect."""
    setting = server.address_setting
    if isinstance(error, ssl.SSLCertVerificationError):
        return ModelError(
            f"{server.title} has a certificate that cannot be verified ({error.verify_message.rstrip('.')}): "
            f"check the name in {setting}, or give the server a certificate that is trusted.",
            "down",
            brief="has a certificate that cannot be verified",
        )
    if isinstance(error, ssl.SSLError):
        return ModelError(
            f"{server.title} does not speak https: write http:// in {setting} if that is right.",
            "down",
            brief="does not speak https",
        )
    if isinstance(error, socket.gaierror):
        return ModelError(
            f"The model server's name {server.name} is not known: check {setting}.",
            "down",
            brief=f"cannot be found: the name {server.name} is not known",
        )
    reason = "it does not respond" if isinstance(error, TimeoutError) else _why(error)
    return ModelError(
        f"{server.title} cannot be reached ({reason}): {server.how_to_reach}.",
        "down",
        brief=f"at {server} cannot be reached: {reason}",
    )


def _why(error: OSError) -> str:
    return (error.strerror or "no connection").lower() if error.errno else "no connection"


def silent(server: Server, when: str, timeout_s: float) -> ModelError:
    """Return the error for a server that said nothing for too long."""
    return ModelError(
        f"{server.title} was silent for {timeout_s:g} s {when}: it may be loading or busy, try again.",
        "down",
        brief=f"was silent for {timeout_s:g} s",
    )


def broken_off(server: Server, when: str) -> ModelError:
    """Return the error for a connection that ended too early."""
    return ModelError(f"{server.title} broke off {when}: try again.", "down", brief=f"broke off {when}")


def endless_line(server: Server) -> ModelError:
    """Return the error for a line that no part of an answer can be."""
    return ModelError(
        f"{server.title} sent a line without an end: check {server.address_setting}.",
        "down",
        brief="sent a line without an end",
    )


def not_json(server: Server) -> ModelError:
    """Return the error for an answer in another language."""
    return ModelError(
        f"{server.title} did not answer in JSON, as a model server does: check {server.address_setting}.",
        "down",
        brief="did not answer in JSON",
    )


def not_an_event(setting: str) -> ModelError:
    """Return the error for what came in place of a part of the answer.

    Args:
        setting: where people say where the server is.
    """
    return ModelError(
        f"The model server sent something that is not part of an answer: check {setting}.",
        "down",
        brief="sent something that is not part of an answer",
    )


def stopped(said: str, kind: Kind = "down", who: str = "The model") -> ModelError:
    """Return the error for a model that reports one in place of a part of its answer."""
    said = shown(said).rstrip(".")
    return ModelError(
        f"{who} stopped with an error: {said}. Ask again, or type @ to choose another model.",
        kind,
        brief=f"stopped with an error: {said}",
    )


def blind(model: str) -> ModelError:
    """Return the error for pictures that the model cannot see."""
    return ModelError(f"{model} cannot see pictures: choose another model with @, or ask without them.")


def refusal(server: Server, status: int, said: str, retry_after_s: float | None = None) -> ModelError:
    """Return the error for an answer with a status other than 200.

    Args:
        server: the one that answered.
        status: the HTTP status.
        said: the server's own words, "" where a proxy answered with a web page, or nothing.
        retry_after_s: when it wants to be asked again, if it says.
    """
    error = NotOffered if status in OF_THE_PATH else ModelError
    return error(
        f"{server.title} {_reaction(server, status, said, retry_after_s)}.",
        KINDS.get(status, "down"),
        retry_after_s=retry_after_s,
        brief=f"{_action(status)} ({status})",
    )


def said_in(body: bytes) -> str:
    """Return the error text of Ollama's JSON, or of OpenAI's; "" for anything else."""
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error: Any = cast("dict[str, Any]", answer).get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        error = cast("dict[str, Any]", error).get("message")
    return shown(error) if isinstance(error, str) else ""


def shown(text: str) -> str:
    """Return a server's text as far as a person is shown it, without halves of characters."""
    return text[:SHOWN_CHARS].encode(errors="replace").decode()


def _action(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "refused the credentials"
    if KINDS.get(status) == "busy":
        return "is busy"
    return "refused"


def _reaction(server: Server, status: int, said: str, retry_after_s: float | None) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        check = f": check {server.key_setting}" if server.key_setting else ""
        return f"{_action(status)} ({status}){check}{_quoted(said)}"
    if KINDS.get(status) == "busy":
        when = f"in {retry_after_s:g} s" if retry_after_s else "in a moment"
        return f"{_action(status)} ({status}): try again {when}{_quoted(said)}"
    if said:
        return f"answered {status}: {said.rstrip('.')}. Try again, or type @ to choose another model"
    return (
        f"answered {status} {_phrase(status)}, and not as a model server does: "
        f"check {server.address_setting} and what stands before it"
    )


def _quoted(said: str) -> str:
    return f' (it says: "{said}")' if said else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no known status)"
