"""Say in one sentence why a model server does not answer, and what to do about it.

Shared by copy: edit packages/chat/stateless/ollama_refusal.py only, then run `python3 -m localops sync`.

Source: Ollama's server/routes.go for its own errors; proxies before it add 401, 403, 502 and 504 in HTML.
"""

import json
import socket
import ssl
from http import HTTPStatus
from typing import Any, cast

from ollama_host import ModelError, OllamaHost

SHOWN_CHARS = 300
# Of a server, or of what stands before it, that does not let everybody ask everything.
OF_THE_PATH = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class NotOffered(ModelError):
    """The server refuses this request; what it would say to one with another path is not known."""


def unreachable(host: OllamaHost, error: OSError) -> ModelError:
    """Turn a failure to connect into the error for the person."""
    server = f"The model server at {host.address}"
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


def refusal(host: OllamaHost, model: str, status: int, body: bytes) -> ModelError:
    """Turn an answer with a status other than 200 into the error for the person.

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
    return kind(f"The model server at {host.address} {_reaction(status, said)}.")


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


def missing_model(model: str, host: OllamaHost) -> str:
    """Give the sentence for a model that the server does not have."""
    return (
        f"The model {model} is not on {host.address}: get it with `ollama pull {model}`, "
        "or type @ to see the models there."
    )


def _said(body: bytes) -> str:
    """Give the error text of Ollama's JSON, or of OpenAI's; "" for anything else."""
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
