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
