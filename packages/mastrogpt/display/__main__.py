"""Turn what an answer holds beside text into HTML for the page's display area."""
# --kind python:default
# --web true

from typing import Any

import display

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    return whole(args, display.display)
