"""Which `Accept` admits which type: pekko-http's rule, row by row."""

from __future__ import annotations

import pytest

from localops.openwhisk import media_type
from localops.openwhisk.content_negotiation import Acceptance

HTML = "text/html"
JSON = "application/json"
PNG = "image/png"
EVENTS = "text/event-stream"


def admits(content_type: str, *accept: str, charsets: tuple[str, ...] = ()) -> bool:
    kind = media_type.parse(content_type)
    assert kind is not None
    return Acceptance(accept, charsets).admits(kind)


@pytest.mark.parametrize(
    ("accept", "content_type", "admitted"),
    [
        ([], HTML, True),
        ([""], HTML, True),
        (["*/*"], HTML, True),
        (["*"], HTML, True),
        (["*/*;q=0.1"], HTML, True),
        (["*/*;q=0"], HTML, False),
        (["text/html"], HTML, True),
        (["TEXT/Html"], HTML, True),
        (["text /html"], HTML, True),
        (["text/html ; q = 0.5"], HTML, True),
        (["text/html; charset=iso-8859-1"], HTML, True),
        (["text/*"], HTML, True),
        (["text/*"], EVENTS, True),
        (["text/*"], JSON, False),
        (["application/json"], HTML, False),
        (["application/json"], JSON, True),
        (["application/json"], "application/hal+json", False),
        (["text/event-stream"], JSON, False),
        (["text/event-stream"], EVENTS, True),
        (["text/html, application/json"], JSON, True),
        (["text/html,application/json;q=0.9,*/*;q=0.8"], PNG, True),
        (["text/html", "application/json"], JSON, True),
        # The most specific range decides, wherever it is written.
        (["*/*, text/html;q=0"], HTML, False),
        (["text/*;q=0, text/html"], HTML, True),
        (["text/html, text/*;q=0"], "text/plain", False),
        (["text/html;q=0, text/html"], HTML, True),
        (["*/*;q=0, image/*"], PNG, True),
        # Parameters must be there, but for the charset.
        (["text/html;level=1"], HTML, False),
        (["text/html;level=1"], "text/html;level=1", True),
        (['text/html;level="1"'], "text/html;level=1", True),
        (["text/html;level=1;q=0, text/html"], "text/html;level=1", False),
        (["text/*;level=1"], HTML, False),
        # What cannot be parsed is not a header; one that can counts.
        (["text"], HTML, True),
        (["text/"], HTML, True),
        (["*/html"], JSON, True),
        (["application/json,"], HTML, True),
        (["application/json,,text/xml"], HTML, True),
        (["application/json;q"], HTML, True),
        (["application/json;q=2"], HTML, True),
        (["application/json;q=-1"], HTML, True),
        (["application/json;q=much"], HTML, False),
        (["application/json;q=much"], JSON, True),
        (['application/json; a="b'], HTML, True),
        (["nonsense", "application/json"], HTML, False),
    ],
)
def test_a_type_is_admitted_or_not(accept: list[str], content_type: str, admitted: bool):
    assert admits(content_type, *accept) is admitted


@pytest.mark.parametrize(
    ("charsets", "content_type", "admitted"),
    [
        ("utf-8", HTML, True),
        ("UTF-8;q=0.5", JSON, True),
        ("iso-8859-1", HTML, False),
        ("iso-8859-1", JSON, False),
        ("iso-8859-1", EVENTS, False),
        ("iso-8859-1", PNG, True),
        ("iso-8859-1, *", HTML, True),
        ("*, utf-8;q=0", HTML, False),
        ("*;q=0", HTML, False),
        ("iso-8859-1, *;q=0.1", HTML, True),
        ("", HTML, True),
        ("utf-8;q=2", HTML, True),
        ("iso-8859-1,", HTML, True),
    ],
)
def test_text_is_weighed_against_the_charsets_as_well(charsets: str, content_type: str, admitted: bool):
    assert admits(content_type, charsets=(charsets,)) is admitted
