"""Read what all routes need of a request (body, id, origin), and refuse it in OpenWhisk's shape."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localops.errors import RequestError

MAX_BODY_BYTES = 1024 * 1024
# A client may have to send its whole body before it reads why it was refused; what is longer than this is
# refused at once.
_MAX_DISCARDED_BYTES = 64 * 1024 * 1024
TRANSACTION_HEADER = "X-Request-ID"
ALLOWED_HEADERS = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"
_TRANSACTION = "localops.transaction"


async def read_body(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body.

    Args:
        most: how many bytes it may have; OpenWhisk's limit for what an action gets.

    Raises:
        RequestError: 413, it is larger.
    """
    announced = int(request.headers.get("content-length", "0"))
    body, came = bytearray(), 0
    if announced <= _MAX_DISCARDED_BYTES:
        async for part in request.stream():
            came += len(part)
            if came <= most:
                body += part
            elif came > _MAX_DISCARDED_BYTES:
                break
    size = max(announced, came)
    if size > most:
        raise RequestError(413, f"Request larger than allowed: {size} > {most} bytes.")
    return bytes(body)


def transaction_id(request: Request) -> str:
    """Return the id of this exchange: the caller's, or a new one."""
    known = request.headers.get(TRANSACTION_HEADER)
    return known or request.scope.setdefault(_TRANSACTION, secrets.token_hex(16))


def comes_from_another_origin(headers: Headers) -> bool:
    """Return whether a browser names a page of another origin as the source of this request."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc != headers.get("host")
        except ValueError:
            return True  # it names no host at all
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def error_response(
    request: Request, status: int, message: str, headers: dict[str, str], detail: str | None = None
) -> Response:
    """Return an error in OpenWhisk's shape; `detail` is ours and adds what only this machine can know."""
    content = {"error": message, "code": transaction_id(request)}
    if detail:
        content["detail"] = detail
    return JSONResponse(content, status, {TRANSACTION_HEADER: transaction_id(request), **headers})
