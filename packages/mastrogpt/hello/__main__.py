"""The smallest chat there is: it greets whoever is named."""
# --kind python:default
# --web true
# --annotation index '80:Demo:Hello::'

from typing import Any


def main(args: dict[str, Any]) -> dict[str, Any]:
    name = args.get("input") or "world"
    return {"body": {"output": f"Hello, {name}"}}
