"""Checks a name and a password against the bcrypt hashes in users.json, and issues a token.

Source of the answer's shape: the MastroGPT page, which wants `authenticated`, `token` and a `s3_key` that is
not empty.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
import session

USERS = Path(__file__).with_name("users.json")
REFUSED = "The name or the password is wrong: try again."
# bcrypt sees no more of a password than this.
MOST_PASSWORD_BYTES = 72
# Compared when there is no such user, so that the time of an answer does not tell which names exist.
NOBODY = "$2b$12$5s1iHxswzhHVIxMhLE8VyOODqZxW/jvFc6SaPjaScUO9YHl/CqIHi"
# Without LOGIN_SECRET the chats are open and nobody checks a token, so a key of this process will do.
OWN_SECRET = secrets.token_bytes(32)
NO_STORAGE = "there-is-no-storage"


def login(args: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answer's body.

    Args:
        args: `username` and `password` from the form; LOGIN_SECRET signs the token, S3_SECRET_KEY goes along.
    """
    name, password = str(args.get("username") or ""), str(args.get("password") or "")
    if not is_right(name, password):
        return {"authenticated": False, "message": REFUSED}
    secret = str(args.get("LOGIN_SECRET") or "").encode() or OWN_SECRET
    return {
        "authenticated": True,
        "token": session.issue(name, secret),
        "s3_key": str(args.get("S3_SECRET_KEY") or NO_STORAGE),
    }


def is_right(name: str, password: str) -> bool:
    users: dict[str, str] = json.loads(USERS.read_text(encoding="utf-8"))
    given = password.encode(errors="surrogatepass")
    matches = bcrypt.checkpw(given[:MOST_PASSWORD_BYTES], users.get(name, NOBODY).encode())
    return matches and name in users and len(given) <= MOST_PASSWORD_BYTES
