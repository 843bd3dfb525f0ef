"""The smallest chat there is: it greets whoever is named."""
# --kind python:default
# --web true
# --annotation index '80:Demo:Hello::'

from typing import Any


def main(args: dict[str, Any]) -> dict[str, Any]:
    greeting = f"Hello, {args.get('input') or 'world'}"
    # Half a surrogate pair is no text that the runtime could write.
    return {"body": {"output": greeting.encode(errors="replace").decode()}}
