"""The errors of localops, by what the person can do about them.

LocalopsError
├── StartError         `up` cannot start: the sentence goes to the terminal, exit status 2
├── DirectiveError     the `#--` lines of an action cannot be used: that action is not deployed
├── RequirementsError  the packages that an action asks for cannot be installed: it cannot start
├── StorageError       something could not be kept: nothing of it was, and what was there before stays
└── RequestError       a request is answered with an HTTP status and a sentence
"""

from __future__ import annotations


class LocalopsError(Exception):
    """Root of all errors whose text is meant for a person.

    Attributes:
        exit_status: of a command that it ends: 2 when it could not begin, 1 when something went wrong.
    """

    exit_status = 2


class StartError(LocalopsError):
    """`up` cannot start; the text says why and what to do."""


class DirectiveError(LocalopsError):
    """An action's `#--` lines cannot be used; `ops ide deploy` would leave the action out as well."""


class RequestError(LocalopsError):
    """A request that is refused.

    Args:
        status: HTTP status.
        message: the sentence the caller reads.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class RequirementsError(LocalopsError):
    """The packages that an action asks for cannot be installed."""


class StorageError(LocalopsError):
    """The disk did not take what was to be kept; nothing half-written is left."""
