"""Check a name and a password against the bcrypt hashes in users.json, and issue a token.

Source of the answer's shape: the MastroGPT page, which wants `authenticated`, `token` and a `s3_key` that is
not empty. With the namespace's secret as `s3_key` it could upload files, and so could read and change the
whole storage, the page itself too. So nobody who logs in to a chat is given it.
"""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attempts
import bcrypt

from mastro import session

USERS = Path(__file__).with_name("users.json")
TOO_MANY = "There were too many wrong passwords: wait {seconds} s and try again."
REFUSED = "The name or the password is wrong: try again."
TOKEN_LIFETIME_S = 24 * 60 * 60
# bcrypt sees no more of a password than this.
MAX_PASSWORD_BYTES = 72
# Compared when there is no such user, so that the time of an answer does not tell which names exist.
_NOBODY = "$2b$12$5s1iHxswzhHVIxMhLE8VyOODqZxW/jvFc6SaPjaScUO9YHl/CqIHi"
# Without LOGIN_SECRET the chats are open and nobody checks a token, so a key of this process will do.
_OWN_SECRET = secrets.token_bytes(32)


def login(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer's body.

    Args:
        args: `username` and `password` from the form; LOGIN_SECRET, which signs the token; REDIS_URL and
            REDIS_PREFIX, where wrong passwords are counted.
    """
    name, password = str(args.get("username") or ""), str(args.get("password") or "")
    address = _address(args)
    if seconds := attempts.wait_s(args, name, address):
        return {"authenticated": False, "message": TOO_MANY.format(seconds=seconds)}
    if not _is_right(name, password):
        attempts.add_wrong(args, name, address)
        return {"authenticated": False, "message": REFUSED}
    secret = str(args.get("LOGIN_SECRET") or "").encode() or _OWN_SECRET
    return {"authenticated": True, "token": issue(name, secret), "s3_key": "there-is-no-storage"}


def issue(user: str, secret: bytes) -> str:
    """Return a token for a user who has just proved who they are."""
    claim = f"{session.encoded(user.encode())}.{int(time.time()) + TOKEN_LIFETIME_S}"
    return f"{claim}.{session.signature(claim, secret)}"


def _address(args: Mapping[str, Any]) -> str:
    """Return where the caller is, as the proxy before OpenWhisk says; "" where it does not."""
    headers: Any = args.get("__ow_headers")
    named = cast("dict[str, Any]", headers).get("x-forwarded-for") if isinstance(headers, dict) else None
    # The last is the proxy's word; what stands before it a caller may have made up.
    return str(named or "").rpartition(",")[2].strip()


def _is_right(name: str, password: str) -> bool:
    users: dict[str, str] = json.loads(USERS.read_text(encoding="utf-8"))
    given = password.encode(errors="surrogatepass")
    matches = bcrypt.checkpw(given[:MAX_PASSWORD_BYTES], users.get(name, _NOBODY).encode())
    return matches and name in users and len(given) <= MAX_PASSWORD_BYTES
