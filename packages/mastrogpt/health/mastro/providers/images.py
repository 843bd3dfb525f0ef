"""Take the pictures of a message, as a page or another client gives them.

Source: the file signatures of PNG, JPEG, GIF and WebP; RFC 2397 for data URLs.
"""

import base64
import binascii
import re
from typing import Any, cast

from .errors import ModelError

MAX_IMAGES = 4
# An activation takes 1 MiB of arguments, and the conversation wants its part of it.
MAX_BYTES = 700_000
_DATA_URL = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.ASCII)
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
BAD_IMAGES = (
    f"`images` must be a list of at most {MAX_IMAGES} pictures (PNG, JPEG, GIF or WebP), "
    "each as Base64 or a data URL."
)
TOO_LARGE = (
    f"The pictures are too large: together they may have {MAX_BYTES // 1000} kB, so send smaller ones."
)


def images(given: Any) -> list[str]:
    """Return the pictures as Base64.

    Raises:
        ModelError: they are not pictures, too many, or too large.
    """
    if given is None or given == "":
        return []
    if not isinstance(given, list) or len(cast("list[Any]", given)) > MAX_IMAGES:
        raise ModelError(BAD_IMAGES)
    texts = [_base64(image) for image in cast("list[Any]", given)]
    if sum(len(text) for text in texts) > MAX_BYTES:
        raise ModelError(TOO_LARGE)
    return texts


def data_url(image: str) -> str:
    """Return a picture that `images` took as a data URL."""
    return f"data:{_media_type(base64.b64decode(image[:64]))};base64,{image}"


def _base64(image: Any) -> str:
    text = _DATA_URL.sub("", image, count=1) if isinstance(image, str) else ""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelError(BAD_IMAGES) from error
    if not _media_type(data):
        raise ModelError(BAD_IMAGES)
    return text


def _media_type(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _SIGNATURES.items() if data.startswith(begin)), "")
