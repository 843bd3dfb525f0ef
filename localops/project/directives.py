"""The `#--` lines of an action's source, read as `ops ide deploy` and `wsk` read them.

Every oddity is kept: what deploys here deploys there, with the same arguments.
Source: apache/openserverless-task ide/deploy/deploy.js.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from localops.errors import DirectiveError
from localops.project.expansion import expand, named_variables
from localops.project.shell_words import words
from localops.project.wsk_options import Arguments, read_options

_COUNTED_LINE = re.compile(r"^(#|//)[ ]?-{1,2}[^\s-].+")
_COUNTED_MARKER = re.compile(r"^(#|//)")


def read(source: str, variables: Mapping[str, str]) -> Arguments:
    """Read the directives of one source text.

    Args:
        source: the text of the main file, or of a package's `.args` file.
        variables: what `$NAME` expands to; an unknown name is an empty string.

    Raises:
        DirectiveError: `wsk` would refuse the arguments.
    """
    text = _command_line(source)
    try:
        return read_options(words(expand(text, variables)))
    except DirectiveError as error:
        unset = sorted(name for name in named_variables(text) if not variables.get(name))
        if not unset:
            raise
        raise DirectiveError(f"{error}; not set: {', '.join(unset)}") from error


def _command_line(source: str) -> str:
    """Return the directives of a source as one line, before anything is expanded."""
    return " ".join(_COUNTED_MARKER.sub("", line.strip()).strip() for line in counted_lines(source))


def counted_lines(source: str) -> list[str]:
    """Return the lines, at column 0, that the deployer takes for arguments."""
    return [line for line in source.split("\n") if _COUNTED_LINE.match(line)]


def takes_https_for_granted(source: str) -> bool:
    """Return whether an action calls `https://$OLLAMA_HOST`, as those without OLLAMA_PROTO do."""
    names = named_variables(_command_line(source))
    return "OLLAMA_HOST" in names and "OLLAMA_PROTO" not in names
