"""Render `html`, `code`, `chess` and `message` with the templates in this folder.

Needs nothing from the network: the page may be offline, and its display frame may load nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chess
import chess.svg
import chevron

_HERE = Path(__file__).parent
# Whoever embeds the page embeds this too. Opened by itself, the HTML that a caller sent runs no script: the
# address is one of the page's origin.
_HEADERS = {"Content-Security-Policy": "sandbox; frame-ancestors *"}


def display(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the web answer for the first kind of content that there is.

    Args:
        args: `html` (text that is HTML already), or `code` with `language`, or `chess` (a position in FEN),
            or `message` with `title`. The `login` of a chat that refuses somebody shows nothing.
    """
    if "html" in args:
        text = _render("html", {"html": args["html"]})
    elif "code" in args:
        text = _render("code", {"code": args["code"], "language": args.get("language", "plain")})
    elif "chess" in args:
        text = _board(str(args["chess"]))
    elif "message" in args:
        text = _message(args.get("title", "Message"), args["message"])
    elif "login" in args:
        text = ""
    else:
        text = _message("Nothing to show", "The answer has no html, code, chess or message.")
    return {"body": text, "headers": _HEADERS}


def _board(position: str) -> str:
    """Draw a chess position, or say what is wrong with it."""
    try:
        pieces = chess.Board(position)
    except ValueError as error:
        return _message("This is not a chess position", str(error))
    return _render("html", {"html": chess.svg.board(pieces, size=360)})


def _message(title: object, text: object) -> str:
    return _render("message", {"title": title, "message": text})


def _render(template: str, values: Mapping[str, object]) -> str:
    """Fill a template; what stands in two braces there is escaped."""
    return chevron.render((_HERE / f"{template}.html").read_text(encoding="utf-8"), dict(values))
