"""The smallest chat there is: greet whoever is named."""
# --kind python:default
# --web true
# --annotation index '80:Demo:Hello::'

from typing import Any

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    return whole(args, lambda args: {"body": {"output": f"Hello, {args.get('input') or 'world'}"}})
