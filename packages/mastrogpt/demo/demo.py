"""Answer with one example of each kind of content that the page can show.

Source of the members: the MastroGPT page, which hands what it does not know to mastrogpt/display.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

_MAX_DIGITS = 9
COMMANDS = ("form", "html", "code", "chess", "message", "options")
USAGE = "Type one of " + ", ".join(f"`{command}`" for command in COMMANDS) + "."

FORM = [
    {"name": "city", "label": "Which city shall we visit?", "type": "text", "required": "true"},
    {"name": "wishes", "label": "What would you like to see?", "type": "textarea"},
    {"name": "season", "label": "When?", "type": "radio", "options": ["spring", "autumn"]},
    {"name": "train", "label": "I would rather go by train", "type": "checkbox"},
]
HTML = """<table>
  <caption>Three rivers of Italy</caption>
  <thead><tr><th>River</th><th>Length</th></tr></thead>
  <tbody>
    <tr><td>Po</td><td>652 km</td></tr>
    <tr><td>Adige</td><td>410 km</td></tr>
    <tr><td>Tiber</td><td>406 km</td></tr>
  </tbody>
</table>"""
CODE = '''def fibonacci(count):
    """Yield the first numbers of the Fibonacci sequence."""
    current, following = 0, 1
    for _ in range(count):
        yield current
        current, following = following, current + following
'''
# The Italian game after three moves.
CHESS = "r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3"

ANSWERS: dict[str, dict[str, Any]] = {
    "form": {"output": "Please fill in the form.", "form": FORM},
    "html": {"output": f"Here is some HTML.\n```html\n{HTML}\n```", "html": HTML},
    "code": {"output": f"Here is some Python.\n```python\n{CODE}```", "code": CODE, "language": "python"},
    "chess": {"output": f"Here is a chess position.\n\n`{CHESS}`", "chess": CHESS},
    "message": {"output": "Here is a message.", "title": "A message", "message": "This is what it says."},
    "options": {"output": json.dumps({"options": ["form", "html", "code"]})},
}


def demo(args: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one message.

    Args:
        args: `input`, a command or the values of the form as `{"form": {name: value}}`; `state`, the number
            of messages so far as text.
    """
    state = str(_count(args.get("state")) + 1)
    given = args.get("input") or ""
    if isinstance(given, dict):
        return {"output": _filled_in(cast("Mapping[str, Any]", given).get("form")), "state": state}
    if isinstance(given, str) and given in ANSWERS:
        return {**ANSWERS[given], "state": state}
    if not given:
        return {"output": f"Welcome to the demo. {USAGE}", "state": state}
    return {"output": f"This is your message number {state}. {USAGE}", "state": state}


def _count(state: object) -> int:
    """Read the number of messages so far; whatever else a client sends counts as none."""
    return int(state) if isinstance(state, str) and state.isdecimal() and len(state) <= _MAX_DIGITS else 0


def _filled_in(form: object) -> str:
    """Repeat what was filled in, as Markdown."""
    values = cast("dict[str, Any]", form) if isinstance(form, dict) else dict[str, Any]()
    lines = [f"- **{name}**: {value}" for name, value in values.items()]
    return "\n".join(["You filled in:", *lines])
