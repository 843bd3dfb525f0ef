"""The smallest chat there is: greet whoever is named."""
# --kind python:default
# --web true
# --annotation index '80:Demo:Hello::'

from typing import Any

from mastro.streaming import whole


def main(args: dict[str, Any]) -> dict[str, Any]:
    greeting = f"Hello, {args.get('input') or 'world'}"
    # Half a surrogate pair is not text that the runtime could write.
    return whole(args, lambda _: {"body": {"output": greeting.encode(errors="replace").decode()}})
