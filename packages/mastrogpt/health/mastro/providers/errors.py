"""The error that a person is told about."""

from typing import Literal

# What another model server, or the client, can do about it:
# request    nothing: the question itself is wrong, or was ended
# context    what was said is too long for this model
# filter     the server does not let the text pass
# key        the server does not know who asks, or what they may
# missing    it does not have the model
# busy       it has no time, or no quota
# down       it cannot be reached, says nothing, or breaks
Kind = Literal["request", "context", "filter", "key", "missing", "busy", "down"]


class ModelError(Exception):
    """The model cannot answer. The text is one sentence for the person who asked, free of secrets.

    Args:
        sentence: the text.
        kind: see `Kind`.
        retry_after_s: when the server wants to be asked again, if it says.
        brief: why, without what to do about it, to go on from the server's name: `is busy (429)`.
        refused_option: the member of the request that the server does not take, where it is only that.
    """

    def __init__(
        self,
        sentence: str,
        kind: Kind = "request",
        *,
        retry_after_s: float | None = None,
        brief: str = "",
        refused_option: str = "",
    ) -> None:
        super().__init__(sentence)
        self.kind: Kind = kind
        self.retry_after_s = retry_after_s
        self.brief = brief
        self.refused_option = refused_option


class Closed(ModelError):
    """The request was ended from this side: by Stop, by a reader who left, or by the time limit."""


class NotOffered(ModelError):
    """The server refuses this request; what it would say to one with another path is not known."""
