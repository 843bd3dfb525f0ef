"""Lets people in: name and password for a signed token that the chats accept."""
# --kind python:default
# --web true
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --param S3_SECRET_KEY "$S3_SECRET_KEY"

from typing import Any

import login


def main(args: dict[str, Any]) -> dict[str, Any]:
    return {"body": login.login(args)}
