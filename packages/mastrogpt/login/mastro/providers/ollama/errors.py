"""Turn what goes wrong with a model server into the one sentence that a person reads.

Source: Ollama's server/routes.go for its own errors; proxies before it add 401, 403, 502 and 504 in HTML.
"""

import json
import socket
import ssl
from http import HTTPStatus
from typing import Any, cast

from ..errors import ModelError
from .host import OllamaHost

SHOWN_CHARS = 300
# Of a server, or of what stands before it, that does not let everybody ask everything.
OF_THE_PATH = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class NotOffered(ModelError):
    """The server refuses this request; what it would say to one with another path is not known."""


def unreachable(host: OllamaHost, error: OSError) -> ModelError:
    """Return the error for a failure to connect."""
    server = _server(host)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ModelError(
            f"{server} has a certificate that cannot be verified ({error.verify_message.rstrip('.')}): "
            "check the name in OLLAMA_HOST, or give the server a certificate that is trusted."
        )
    if isinstance(error, ssl.SSLError):
        return ModelError(f"{server} does not speak https: write http:// in OLLAMA_HOST if that is right.")
    if isinstance(error, socket.gaierror):
        return ModelError(f"The model server's name {host.name} is not known: check OLLAMA_HOST.")
    reason = "it does not respond" if isinstance(error, TimeoutError) else error.strerror or "no connection"
    return ModelError(
        f"{server} cannot be reached ({reason}): check that it runs and that OLLAMA_HOST is right."
    )


def silent(host: OllamaHost, when: str, timeout_s: float) -> ModelError:
    """Return the error for a server that said nothing for too long."""
    return ModelError(
        f"{_server(host)} was silent for {timeout_s:g} s {when}: it may be loading or busy, try again."
    )


def broken_off(host: OllamaHost, when: str) -> ModelError:
    """Return the error for a connection that ended too early."""
    return ModelError(f"{_server(host)} broke off {when}: try again.")


def endless_line(host: OllamaHost) -> ModelError:
    """Return the error for a line that no event of Ollama can be."""
    return ModelError(f"{_server(host)} sent a line without an end: check OLLAMA_HOST.")


def not_json(host: OllamaHost) -> ModelError:
    """Return the error for an answer in another language."""
    return ModelError(f"{_server(host)} did not answer in JSON, as Ollama does: check OLLAMA_HOST.")


def not_an_event(event: Any) -> ModelError:
    """Return the error for what came in place of a part of the answer."""
    if isinstance(event, dict) and "error" in event:
        said = str(cast("dict[str, Any]", event)["error"])[:SHOWN_CHARS].rstrip(".")
        return ModelError(
            f"The model stopped with an error: {said}. Ask again, or type @ to choose another model."
        )
    return ModelError("The model server sent something that is not part of an answer: check OLLAMA_HOST.")


def refusal(host: OllamaHost, model: str, status: int, body: bytes) -> ModelError:
    """Return the error for an answer with a status other than 200.

    Args:
        host: the server that answered.
        model: the model that was asked for, or "".
        status: the HTTP status.
        body: what came with it: Ollama's JSON, a proxy's web page, or nothing.
    """
    said = _said(body)
    if status == HTTPStatus.NOT_FOUND and model and said:
        return ModelError(missing_model(model, host))
    kind = NotOffered if status in OF_THE_PATH else ModelError
    return kind(f"{_server(host)} {_reaction(status, said)}.")


def missing_model(model: str, host: OllamaHost) -> str:
    """Return the sentence for a model that the server does not have."""
    return (
        f"The model {model} is not on {host}: get it with `ollama pull {model}`, "
        "or type @ to see the models there."
    )


def _server(host: OllamaHost) -> str:
    return f"The model server at {host}"


def _reaction(status: int, said: str) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"refused the credentials ({status}): check AUTH{_quoted(said)}"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        return f"is busy ({status}): try again in a moment{_quoted(said)}"
    if said:
        return f"answered {status}: {said.rstrip('.')}. Try again, or type @ to choose another model"
    return (
        f"answered {status} {_phrase(status)}, and not as Ollama does: "
        "check OLLAMA_HOST and what stands before it"
    )


def _said(body: bytes) -> str:
    """Return the error text of Ollama's JSON, or of OpenAI's; "" for anything else."""
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return ""
    error: Any = cast("dict[str, Any]", answer).get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        error = cast("dict[str, Any]", error).get("message")
    return error[:SHOWN_CHARS] if isinstance(error, str) else ""


def _quoted(said: str) -> str:
    return f' (it says: "{said}")' if said else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no known status)"
