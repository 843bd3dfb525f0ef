"""Syntax errors in an action's files, reported when the files change and not only when they run."""

from __future__ import annotations

import sys

from localops.openwhisk.entities import Action
from localops.project.scan import files
from localops.reading import python_source

_NEWER_PYTHON_TEXT = (
    "; the cloud runs it with Python 3.12, localops runs on {}.{}: start it with a newer one".format(
        *sys.version_info[:2]
    )
)


def _needs_newer_python(error: SyntaxError) -> bool:
    """Return whether it may be fine in the cloud: since Python 3.12 f-strings may hold their own quotes."""
    return sys.version_info < (3, 12) and error.msg.startswith("f-string:")


def syntax_problem(action: Action) -> str | None:
    """Return the first syntax error in an action's files, as a sentence."""
    for file in files(action.code):
        if file.suffix != ".py":
            continue
        try:
            python_source.parse(file)
        except OSError:
            continue  # removed meanwhile, which brings a new look; what cannot be read the scan reports
        except SyntaxError as error:
            hint = _NEWER_PYTHON_TEXT if _needs_newer_python(error) else ""
            where = file.name if error.lineno is None else f"{file.name} line {error.lineno}"
            return f"{action.path} cannot run: {where}: {error.msg}{hint}"
    return None
