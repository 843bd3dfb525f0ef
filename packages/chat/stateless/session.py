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
