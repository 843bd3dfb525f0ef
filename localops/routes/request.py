"""What all routes need of a request: its body within the limit, and an answer to what is refused."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localops.errors import RequestError

MOST_BODY_BYTES = 1024 * 1024
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH",
}
ALLOWED_HEADERS = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"


async def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        RequestError: 413, it is larger than OpenWhisk takes.
    """
    announced = int(request.headers.get("content-length", "0"))
    body = bytearray()
    if announced <= MOST_BODY_BYTES:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY_BYTES:
                break
    size = max(announced, len(body))
    if size > MOST_BODY_BYTES:
        raise RequestError(413, f"Request larger than allowed: {size} > {MOST_BODY_BYTES} bytes.")
    return bytes(body)


def cors_headers(request: Request) -> dict[str, str]:
    """The headers that let a page of another origin read the answer."""
    asked = request.headers.get("access-control-request-headers", ALLOWED_HEADERS)
    return {**CORS_HEADERS, "Access-Control-Allow-Headers": asked}


def error_response(status: int, message: str, headers: dict[str, str], detail: str | None = None) -> Response:
    """OpenWhisk's error shape; `detail` is ours and says what only this machine can know."""
    content = {"error": message, "code": secrets.token_hex(16)}
    if detail:
        content["detail"] = detail
    return JSONResponse(content, status, headers)
