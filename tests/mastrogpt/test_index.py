"""The menu, made from a real API and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess


@pytest.fixture
def index(load_action: Any) -> Any:
    return load_action("mastrogpt/index").index


def action(name: str, annotation: str | None) -> dict[str, Any]:
    annotations = [{"key": "exec", "value": "python:3"}]
    if annotation is not None:
        annotations.append({"key": "index", "value": annotation})
    return {"namespace": "devel/chat", "name": name, "annotations": annotations}


def test_groups_and_entries_stand_in_the_order_of_their_weights(index: Any):
    entries = index.annotated(
        [
            action("z", "100:Other:Last::"),
            action("b", "9:Chat:Second:ada,bob:"),
            action("a", "8:Chat:First::/x"),
            action("none", None),
        ]
    )
    assert index.services(list(entries)) == [
        {
            "Chat": [
                {"name": "First", "url": "chat/a", "iframe": "/x"},
                {"name": "Second", "url": "chat/b", "iframe": "", "users": "ada,bob"},
            ]
        },
        {"Other": [{"name": "Last", "url": "chat/z", "iframe": ""}]},
    ]


@pytest.mark.parametrize("annotation", ["", "80:Chat", "x:Chat:Name::", "80:Chat:Name"])
def test_a_malformed_annotation_is_named_and_the_menu_still_comes(
    index: Any, capsys: pytest.CaptureFixture[str], annotation: str
):
    entries = list(index.annotated([action("bad", annotation), action("good", "1:Chat:Good::")]))
    assert [entry.name for entry in entries] == ["Good"]
    assert "chat/bad: its index annotation is not" in capsys.readouterr().out


def test_files_of_the_older_form_are_merged_in(index: Any, tmp_path: Path):
    (tmp_path / "80-Chat.json").write_text('[{"name": "Old", "url": "chat/old"}]')
    [entry] = index.listed_in_files(tmp_path)
    assert (entry.weight, entry.group, entry.as_json()) == (
        80,
        "Chat",
        {"name": "Old", "url": "chat/old", "iframe": ""},
    )


def test_an_empty_streamer_is_derived_as_the_cluster_names_it(index: Any):
    found = index.places({"OPSDEV_APIHOST": "https://cluster.example", "OPSDEV_STREAM": ""})
    assert (found["streamer"], found["s3"]) == (
        "https://stream.cluster.example",
        "https://s3.cluster.example",
    )
    assert "notice" not in found


def test_an_api_that_cannot_be_reached_is_a_clear_error(load_action: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("__OW_API_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("__OW_API_KEY", "user:canary-secret")
    answer = load_action("mastrogpt/index").main({})
    assert answer["statusCode"] == 502
    assert "the API cannot be reached" in answer["body"]["error"]
    assert "canary" not in str(answer)


def test_the_deployed_menu_lists_the_chats_of_this_project(localops: LocalopsProcess):
    answer = httpx.post(f"{localops.url}/api/my/mastrogpt/index", timeout=20).json()
    assert answer["username"] == "devel"
    groups = [members for group in answer["services"] for members in group.values()]
    urls = {entry["url"] for members in groups for entry in members}
    assert urls >= {"chat/stateless", "chat/countdown", "chat/simple", "mastrogpt/demo", "mastrogpt/hello"}
    assert "tiny model" in answer["notice"]
