"""Asks a model one question and waits for the whole answer: the smallest way to talk to one."""
# --kind python:default
# --web true
# --timeout 300000
# --param OLLAMA_HOST "$OLLAMA_HOST"
# --param OLLAMA_PROTO "$OLLAMA_PROTO"
# --param AUTH "$AUTH"
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --annotation index '10:Chat:Simple::'

from collections.abc import Mapping
from typing import Any, cast

import requests

MODEL = "llama3.1:8b"
CONNECT_TIMEOUT_S = 10
# A web action's caller hears nothing after a minute, whatever the action does.
ANSWER_TIMEOUT_S = 55
SHOWN_CHARS = 300
NOT_FOUND = 404


def main(args: dict[str, Any]) -> dict[str, Any]:
    try:
        admitted(args)
        question = args.get("input")
        output = ask(args, question) if question else f"Welcome: type a question for {MODEL}."
    except NotAdmitted as error:
        return {"body": {"output": str(error), **ASK_FOR_LOGIN}}
    except ModelError as error:
        output = str(error)
    # Half a surrogate pair is no text that the runtime could write.
    return {"body": {"output": output.encode(errors="replace").decode()}}


def ask(args: Mapping[str, Any], question: object) -> str:
    """Ask the model, and give its answer.

    Raises:
        ModelError: there is none; the text says why and what to do.
    """
    host = ollama_host(args)
    status, answer = posted(host, {"model": MODEL, "prompt": str(question), "stream": False})
    fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    output = fields.get("response")
    if isinstance(output, str):
        return output
    if status == NOT_FOUND:
        raise ModelError(f"The model {MODEL} is not on {host.address}: get it with `ollama pull {MODEL}`.")
    said = host.hide(str(fields.get("error") or "not what Ollama answers"))[:SHOWN_CHARS]
    server = f"The model server at {host.address}"
    raise ModelError(f"{server} gave no answer ({status}: {said}): try again, or check OLLAMA_HOST.")


def posted(host: "OllamaHost", body: Mapping[str, Any]) -> tuple[int, Any]:
    """Send a request to the model, and give the status and the JSON of what it answers.

    Raises:
        ModelError: it is not there, is silent, or does not answer in JSON.
    """
    server = f"The model server at {host.address}"
    try:
        with requests.Session() as client:
            # Neither a proxy nor a netrc file of the machine has a say.
            client.trust_env = False
            response = client.post(
                host.url("/api/generate"),
                json=body,
                headers=host.headers,
                timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
                allow_redirects=False,
            )
        return response.status_code, response.json()
    except requests.ReadTimeout as error:
        raise ModelError(
            f"{server} was silent for {ANSWER_TIMEOUT_S} s: it may be busy, try again."
        ) from error
    except requests.JSONDecodeError as error:
        raise ModelError(f"{server} does not answer as Ollama does: check OLLAMA_HOST and AUTH.") from error
    except requests.RequestException as error:
        raise ModelError(f"{server} cannot be reached: check that it runs, and OLLAMA_HOST.") from error


# What follows is copied: it keeps this action in one file, and brings its own imports.
# ruff: noqa: E402, F811
# pyright: reportDuplicateImport=false

# region ollama_host: copied from packages/chat/stateless/ollama_host.py by python3 -m localops sync
"""Say where the model server is and what opens it.

Shared by copy: edit packages/chat/stateless/ollama_host.py only, then run `python3 -m localops sync`.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

OLLAMA_PORT = 11434
DEFAULT_PORTS = {"http": 80, "https": 443}
CONTAINER_HOST = "host.docker.internal"


class ModelError(Exception):
    """The model cannot answer; the text is one sentence for the person who asked, free of secrets."""


@dataclass(frozen=True)
class OllamaHost:
    """An Ollama-compatible server: where it is, and the credentials that it wants."""

    scheme: str
    name: str
    port: int
    path: str = ""
    auth: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port as people write them; holds no secret."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header: Basic for `user:password`, Bearer for a bare token, none without AUTH."""
        if not self.auth:
            return {}
        if ":" in self.auth:
            return {"Authorization": "Basic " + base64.b64encode(self.auth.encode()).decode("ascii")}
        return {"Authorization": f"Bearer {self.auth}"}

    def hide(self, text: str) -> str:
        """Blot the credentials out of a text that came from the server, which may repeat them."""
        password = self.auth.partition(":")[2]
        sent = self.headers.get("Authorization", "").partition(" ")[2]
        for secret in filter(None, (self.auth, sent, password)):
            text = text.replace(secret, "***")
        return text

    def url(self, path: str, *, with_login: bool = False) -> str:
        """Give the URL of a path; with `user:password` in it, percent-encoded, it is a secret."""
        user, colon, password = self.auth.partition(":")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if colon and with_login else ""
        return f"{self.scheme}://{login}{self.address}{self.path}{path}"


def setting(args: Mapping[str, Any], name: str) -> str:
    """Give a setting from the arguments, else from the environment; an empty one counts as unset."""
    # `wsk` turns a parameter such as 12345 into a number, hence the str.
    return str(args.get(name) or os.environ.get(name) or "").strip("\r\n")


def ollama_host(args: Mapping[str, Any]) -> OllamaHost:
    """Read OLLAMA_HOST (`host`, `host:port` or a URL), OLLAMA_PROTO and AUTH.

    Without a scheme it is https, except http for this machine, where the port is Ollama's own unless given.

    Raises:
        ModelError: a setting is missing or unusable, or AUTH would travel readable over a network.
    """
    address = setting(args, "OLLAMA_HOST").strip().rstrip("/")
    if not address:
        raise ModelError(
            "OLLAMA_HOST is not set: set it to the host of an Ollama server, and start or deploy again."
        )
    parts, name, port = _split(address)
    is_near = name == CONTAINER_HOST or _is_loopback(name)
    scheme = setting(args, "OLLAMA_PROTO").lower() or parts.scheme or ("http" if is_near else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError(
            "OLLAMA_PROTO, or the scheme of OLLAMA_HOST, is neither http nor https: correct the setting."
        )
    usual_port = OLLAMA_PORT if is_near and scheme == "http" and not parts.scheme else DEFAULT_PORTS[scheme]
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = setting(args, "AUTH") or login.removeprefix(":")
    if auth:
        _refuse_unsafe(auth, scheme, name)
    return OllamaHost(scheme, name, port or usual_port, parts.path, auth)


def _split(address: str) -> tuple[SplitResult, str, int | None]:
    if address.count(":") > 1 and "[" not in address and "/" not in address and "@" not in address:
        address = f"[{address}]"
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        name, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError as error:
        # The value itself may hold a password, so it stays out of the sentence.
        raise ModelError("OLLAMA_HOST is not a host, host:port or URL: correct the setting.") from error
    # Servers are told to listen on these; one cannot call them.
    return parts, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name), port  # noqa: S104


def _refuse_unsafe(auth: str, scheme: str, name: str) -> None:
    if scheme == "http" and not _is_loopback(name):
        raise ModelError(
            f"AUTH is not sent to {name} over plain http, where others could read it: "
            "use https for OLLAMA_HOST, or leave AUTH empty."
        )
    is_sendable = auth.isascii() and auth.isprintable() and " " not in auth
    if ":" not in auth and not is_sendable:
        raise ModelError("AUTH holds characters that a header cannot carry: correct the setting.")


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


# endregion ollama_host


# region session: copied from packages/mastrogpt/login/session.py by python3 -m localops sync
"""Tokens that say who logged in, until when, signed so that nobody can make one without the secret.

Shared by copy: edit packages/mastrogpt/login/session.py only, then run `python3 -m localops sync`.

A token is `<user>.<expiry>.<signature>`: the user's name in URL-safe base64, the expiry in Unix seconds, and
HMAC-SHA256 over both in URL-safe base64.
"""

import base64
import hashlib
import hmac
import logging
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

LIFETIME_S = 24 * 60 * 60
LOG_IN = (
    "This chat is for people who have logged in: log in, or log in again if that was more than a day ago."
)
# What an answer that refuses carries beside its sentence: a page then asks for the login. Others ignore it.
ASK_FOR_LOGIN = {"login": True}


class NotAdmitted(Exception):
    """Nobody who may use the chat asks; the text is for them."""


def admitted(args: Mapping[str, Any]) -> str:
    """Give the user whose `token` is among the arguments; "" where LOGIN_SECRET is not set and all may chat.

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


def issue(user: str, secret: bytes) -> str:
    """Make a token for a user who has just proved who they are."""
    claim = f"{encoded(user.encode())}.{int(time.time()) + LIFETIME_S}"
    return f"{claim}.{signature(claim, secret)}"


def user_of(token: str, secret: bytes) -> str | None:
    """Give the user whom a token names; None when it is malformed, expired or not signed with the secret."""
    claim, _, given = token.rpartition(".")
    if not hmac.compare_digest(given.encode(errors="replace"), signature(claim, secret).encode()):
        return None
    name, _, expiry = claim.partition(".")
    if int(expiry) < time.time():
        return None
    return decoded(name).decode()


def signature(claim: str, secret: bytes) -> str:
    return encoded(hmac.digest(secret, claim.encode(errors="replace"), hashlib.sha256))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _warn_that_all_may_chat() -> None:
    logging.getLogger(__name__).warning("LOGIN_SECRET is not set, so everybody may use this chat")


# endregion session
