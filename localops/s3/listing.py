"""List keys and common prefixes, and say where the next listing goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from localops.s3.index import Index, Object, after_prefix

MAX_KEYS = 1000
# Appended to a key, it makes the smallest key that is greater.
_MIN_CHARACTER = "\0"


@dataclass
class Listing:
    """One page of a listing.

    Attributes:
        last: the last key or common prefix shown.
        is_truncated: whether there is more after it.
    """

    objects: list[Object] = field(default_factory=list[Object])
    prefixes: list[str] = field(default_factory=list[str])
    last: str = ""
    is_truncated: bool = False


def listing(index: Index, bucket: str, prefix: str, delimiter: str, after: str, most: int) -> Listing:
    """List a bucket.

    Args:
        delimiter: keys that share what comes before its first occurrence after the prefix are shown as one.
        after: show only what is greater; a common prefix shows that it was shown before.
        most: at most so many keys and common prefixes, and never more than MAX_KEYS.
    """
    found = Listing()
    most = min(most, MAX_KEYS)
    was_prefix = bool(delimiter) and after.startswith(prefix) and after.endswith(delimiter)
    start = after_prefix(after) if was_prefix else after + _MIN_CHARACTER
    for each in _entries(index, bucket, prefix, delimiter, start):
        if len(found.objects) + len(found.prefixes) >= most:
            found.is_truncated = most > 0
            break
        if isinstance(each, Object):
            found.objects.append(each)
            found.last = each.key
        else:
            found.prefixes.append(each)
            found.last = each
    return found


def _entries(
    index: Index, bucket: str, prefix: str, delimiter: str, start: str | None
) -> Iterator[Object | str]:
    """Yield objects, and a common prefix in the place of all keys that have it."""
    common = ""
    while start is not None and (page := index.page(bucket, prefix, start, MAX_KEYS)):
        for each in page:
            if common and each.key.startswith(common):
                continue
            head, found, _ = each.key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            common = prefix + head + delimiter if found else ""
            yield common or each
        # The next page need not read the rest of what a common prefix stands for.
        start = after_prefix(common) if common else page[-1].key + _MIN_CHARACTER
