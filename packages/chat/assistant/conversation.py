"""Keep a conversation in Redis for a day, under a key that nobody can guess."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any, cast

from messages import Message

from mastro.log import warn
from mastro.redis_store import StoreError, prefixed, redis_store

LIFETIME_S = 24 * 60 * 60
MAX_MESSAGES = 200
ID_BYTES = 24
_ID = re.compile(r"[\w-]{32}", re.ASCII)


class Conversation:
    """One conversation of one user.

    Args:
        args: REDIS_URL and REDIS_PREFIX.
        user: whose it is; the same id with another user is another conversation.
        known_id: what an earlier turn called it; "" for a new one.

    Attributes:
        id: what the client is to send with the next message.
        fault: why it cannot be kept; "" while it can.
    """

    def __init__(self, args: Mapping[str, Any], user: str, known_id: str) -> None:
        self.id = known_id if _ID.fullmatch(known_id) else secrets.token_urlsafe(ID_BYTES)
        self.fault = ""
        self._args = args
        self._key = prefixed(args, "chat:" + hashlib.sha256(f"{user}\0{self.id}".encode()).hexdigest())

    def messages(self) -> list[Message]:
        """Return what was said so far; nothing when it is over a day old or cannot be read."""
        try:
            with redis_store(self._args) as store:
                texts = cast("list[str]", store.do("LRANGE", self._key, 0, -1)) if store else []
        except StoreError as error:
            self._note(error)
            return []
        return [json.loads(text) for text in texts]

    def add(self, *messages: Message) -> None:
        """Keep what was said, and the whole for another day."""
        texts = [json.dumps(message) for message in messages]
        try:
            with redis_store(self._args) as store:
                if store:
                    store.do("RPUSH", self._key, *texts)
                    store.do("LTRIM", self._key, -MAX_MESSAGES, -1)
                    store.do("EXPIRE", self._key, LIFETIME_S)
        except StoreError as error:
            self._note(error)

    def _note(self, error: StoreError) -> None:
        self.fault = str(error)
        warn("a conversation cannot be kept: %s", error)
