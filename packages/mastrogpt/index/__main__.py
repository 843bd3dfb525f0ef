"""The page's menu: which chats there are, and where the page finds what it needs."""
# --kind python:default
# --web true
# --annotation provide-api-key true
# --param OPSDEV_USERNAME "$OPSDEV_USERNAME" --param OPSDEV_HOST "$OPSDEV_HOST"
# --param OPSDEV_APIHOST "$OPSDEV_APIHOST" --param OPSDEV_STREAM "$OPSDEV_STREAM"
# --param OPSDEV_S3 "$OPSDEV_S3" --param CHAT_NOTICE "$CHAT_NOTICE"

from typing import Any

import index

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    return whole(args, index.answer)
