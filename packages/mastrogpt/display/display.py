"""Renders `html`, `code`, `chess` and `message` with the templates in this folder.

Needs nothing from the network: the page may be offline, and its display frame may load nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chess
import chess.svg
import chevron

HERE = Path(__file__).parent
# Whoever embeds the page embeds this too.
HEADERS = {"Content-Security-Policy": "frame-ancestors *"}


def display(args: Mapping[str, Any]) -> dict[str, Any]:
    """Give the web answer for the first kind of content that there is.

    Args:
        args: `html` (text that is HTML already), or `code` with `language`, or `chess` (a position in FEN),
            or `message` with `title`. The `login` of a chat that refuses somebody shows nothing.
    """
    if "html" in args:
        text = render("html", {"html": args["html"]})
    elif "code" in args:
        text = render("code", {"code": args["code"], "language": args.get("language", "plain")})
    elif "chess" in args:
        text = board(str(args["chess"]))
    elif "message" in args:
        text = message(args.get("title", "Message"), args["message"])
    elif "login" in args:
        text = ""
    else:
        text = message("Nothing to show", "The answer has no html, code, chess or message.")
    return {"body": text, "headers": HEADERS}


def board(position: str) -> str:
    """Draw a chess position, or say what is wrong with it."""
    try:
        pieces = chess.Board(position)
    except ValueError as error:
        return message("This is no chess position", str(error))
    return render("html", {"html": chess.svg.board(pieces, size=360)})


def message(title: object, text: object) -> str:
    return render("message", {"title": title, "message": text})


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill a template; what stands in two braces there is escaped."""
    text = chevron.render((HERE / f"{template}.html").read_text(encoding="utf-8"), dict(values))
    # Half a surrogate pair is no text that the runtime could write.
    return text.encode(errors="replace").decode()
