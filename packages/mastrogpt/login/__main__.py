"""Let people in: exchange a name and a password for a signed token that the chats accept."""
# --kind python:default
# --web true
# --param LOGIN_SECRET "$LOGIN_SECRET"
# --param REDIS_URL "$REDIS_URL" --param REDIS_PREFIX "$REDIS_PREFIX"

from typing import Any

import login

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    return whole(args, lambda args: {"body": login.login(args)})
