"""Give what another site has a browser open an origin of its own, not that of the page served here.

Web actions answer under the page's origin, as in production, and an action may write as HTML what its caller
sent: a link on a foreign page would run that caller's script as the page, with its conversations and the
inspector at hand. Whoever types the address, or comes from the page itself, gets the answer as it is.
Source: W3C Fetch Metadata Request Headers; HTML standard, 7.1.5, sandboxing.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page that comes may do what pages do, but as an origin that nobody shares.
_SANDBOX = b"sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads"


def is_foreign_navigation(headers: Headers) -> bool:
    """Return whether a browser is about to show the answer because a page of another origin asked it to."""
    site = headers.get("sec-fetch-site", "none")
    return headers.get("sec-fetch-mode") == "navigate" and site not in ("none", "same-origin")


def sandboxed(app: ASGIApp) -> ASGIApp:
    """Return the application with a policy on its answers that takes the page's origin from them."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_sandboxed(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", _SANDBOX)
                # A second policy of the answer's own goes on to count: browsers keep to all of them.
                message = {**message, "headers": [*message.get("headers", ()), policy]}
            await send(message)

        await app(scope, receive, send_sandboxed)

    return answer
