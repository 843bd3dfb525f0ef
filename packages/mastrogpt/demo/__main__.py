"""Show what an answer can hold beside text: a form, HTML, code, a chess position, a message, options."""
# --kind python:default
# --web true
# --annotation index '80:Demo:Demo::'

from typing import Any

import demo

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    return whole(args, lambda args: {"body": demo.demo(args)})
