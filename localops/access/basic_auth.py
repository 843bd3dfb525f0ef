"""HTTP Basic credentials of OpenWhisk: a user's `uuid:key`."""

from __future__ import annotations

import base64
import binascii
import secrets

from starlette.requests import Request


def given_credentials(request: Request) -> str | None:
    """Return the `user:password` that a request carries; None when it carries none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def is_authenticated(request: Request, api_key: str) -> bool:
    """Return whether a request carries the key. Takes as long for a wrong one as for the right one."""
    return secrets.compare_digest((given_credentials(request) or "").encode(), api_key.encode())
