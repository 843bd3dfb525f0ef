"""Conditions that a request puts on an object: to be read, to be copied from, to be replaced.

Source: RFC 9110, 13.2.2; Amazon S3 API reference, conditional requests.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from localops.s3.errors import S3Error
from localops.s3.index import Object

_OF_SOURCE = "x-amz-copy-source-"


def check_conditions(found: Object, headers: Headers) -> None:
    """Raise S3Error when a condition on reading does not hold."""
    if "if-match" in headers:
        if not matches(headers["if-match"], found):
            raise S3Error("PreconditionFailed")
    elif "if-unmodified-since" in headers and _is_newer(found, headers["if-unmodified-since"]):
        raise S3Error("PreconditionFailed")
    if "if-none-match" in headers:
        if matches(headers["if-none-match"], found):
            raise S3Error("NotModified")
    elif "if-modified-since" in headers and not _is_newer(found, headers["if-modified-since"]):
        raise S3Error("NotModified")


def matches(tags: str, found: Object) -> bool:
    return tags.strip() == "*" or found.etag in [tag.strip().strip('"') for tag in tags.split(",")]


def _is_newer(found: Object, date: str) -> bool:
    try:
        return int(found.modified_s) > parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError) as error:  # what Python's reader stumbles over
        raise S3Error("InvalidArgument", f"{date!r} is not a date.") from error


def check_source(found: Object, headers: Headers) -> None:
    """Raise S3Error when a condition on the source of a copy does not hold."""
    named = {
        name.removeprefix(_OF_SOURCE): each for name, each in headers.items() if name.startswith(_OF_SOURCE)
    }
    try:
        check_conditions(found, Headers(named))
    except S3Error as error:
        if error.code != "NotModified":
            raise
        raise S3Error("PreconditionFailed") from error


def check_replacing(headers: Headers) -> Callable[[Object | None], None]:
    """Return what must hold of the object that a new one is to replace, as a check that raises S3Error."""

    def check(old: Object | None) -> None:
        if old and headers.get("if-none-match", "").strip() == "*":
            raise S3Error("PreconditionFailed")
        if "if-match" in headers and old is None:
            raise S3Error("NoSuchKey")
        if old and "if-match" in headers and not matches(headers["if-match"], old):
            raise S3Error("PreconditionFailed")

    return check
