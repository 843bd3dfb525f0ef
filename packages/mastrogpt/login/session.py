"""Tokens that say who logged in, until when, signed so that nobody can make one without the secret.

Shared by copy: edit packages/mastrogpt/login/session.py only, then run `python3 -m localops sync`.

A token is `<user>.<expiry>.<signature>`: the user's name in URL-safe base64, the expiry in Unix seconds, and
HMAC-SHA256 over both in URL-safe base64.
"""

import base64
import hashlib
import hmac
import time

LIFETIME_S = 24 * 60 * 60


def issue(user: str, secret: bytes) -> str:
    """A token for a user who has just proved who they are."""
    claim = f"{encoded(user.encode())}.{int(time.time()) + LIFETIME_S}"
    return f"{claim}.{signature(claim, secret)}"


def user_of(token: str, secret: bytes) -> str | None:
    """The user whom a token names; None when it is malformed, expired or not signed with the secret."""
    claim, _, given = token.rpartition(".")
    if not hmac.compare_digest(given.encode(), signature(claim, secret).encode()):
        return None
    name, _, expiry = claim.partition(".")
    if int(expiry) < time.time():
        return None
    return decoded(name).decode()


def signature(claim: str, secret: bytes) -> str:
    return encoded(hmac.digest(secret, claim.encode(), hashlib.sha256))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
