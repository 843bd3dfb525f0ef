"""The demo answers each command with content of its kind, and counts."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def demo(load_action: Any) -> Any:
    main = load_action("mastrogpt/demo").main
    return lambda **args: main(args)["body"]


@pytest.mark.parametrize("command", ["html", "code", "chess", "message"])
def test_a_command_gives_content_that_display_can_show(demo: Any, load_action: Any, command: str):
    answer = demo(input=command)
    assert command in answer
    shown = load_action("mastrogpt/display").main(answer)["body"]
    assert "Nothing to show" not in shown


def test_a_form_names_its_fields_and_their_types(demo: Any):
    fields = {field["name"]: field["type"] for field in demo(input="form")["form"]}
    assert fields == {"city": "text", "wishes": "textarea", "season": "radio", "train": "checkbox"}


def test_a_filled_in_form_is_repeated(demo: Any):
    assert "**city**: Rome" in demo(input={"form": {"city": "Rome"}})["output"]


def test_options_come_as_json_in_the_output(demo: Any):
    assert json.loads(demo(input="options")["output"]) == {"options": ["form", "html", "code"]}


@pytest.mark.parametrize(("state", "following"), [(None, "1"), ("", "1"), ("1", "2"), ("x", "1"), ([], "1")])
def test_the_state_counts_the_messages(demo: Any, state: Any, following: str):
    assert demo(input="hi", state=state)["state"] == following


def test_without_input_it_says_what_can_be_typed(demo: Any):
    assert "`chess`" in demo()["output"]


@pytest.mark.parametrize(("args", "text"), [({}, "Hello, world"), ({"input": "Ada"}, "Hello, Ada")])
def test_hello_greets(load_action: Any, args: dict[str, str], text: str):
    assert load_action("mastrogpt/hello").main(args) == {"body": {"output": text}}


@pytest.mark.parametrize(
    "given",
    [["form"], 5, True, {"form": "x"}, {"form": {"city": ["a", {"b": 1}]}}, {"other": 1}, {"form": None}],
)
def test_the_demo_takes_any_input_without_failing(demo: Any, given: Any):
    assert demo(input=given)["output"]


@pytest.mark.parametrize("state", ["9" * 5000, "-1", "1.5", "\u0661\u0662", {"a": 1}, 7])
def test_the_demo_takes_any_state_without_failing(demo: Any, state: Any):
    assert int(demo(state=state)["state"]) > 0


@pytest.mark.parametrize("action", ["hello", "demo"])
def test_what_is_repeated_is_text_that_the_runtime_can_write(load_action: Any, action: str):
    half = "\ud83d"
    body = load_action(f"mastrogpt/{action}").main(
        {"input": half if action == "hello" else {"form": {half: half}}}
    )
    json.dumps(body, ensure_ascii=False).encode()
