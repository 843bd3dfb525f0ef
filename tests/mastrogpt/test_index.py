"""The menu, made from a real API and from files."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from localops_process import LocalopsProcess
from waiting import ended


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
    index: Any, caplog: pytest.LogCaptureFixture, annotation: str
):
    entries = list(index.annotated([action("bad", annotation), action("good", "1:Chat:Good::")]))
    assert [entry.name for entry in entries] == ["Good"]
    assert [record.getMessage()[:38] for record in caplog.records] == [
        "chat/bad: its index annotation is not "
    ]


def test_files_of_the_older_form_are_merged_in(index: Any, tmp_path: Path):
    (tmp_path / "80-Chat.json").write_text('[{"name": "Old", "url": "chat/old"}]')
    [entry] = index.listed_in_files(tmp_path)
    assert (entry.weight, entry.group, entry.as_json()) == (
        80,
        "Chat",
        {"name": "Old", "url": "chat/old", "iframe": ""},
    )


@pytest.mark.parametrize("content", ["{", "5", '{"name": "x"}', '[{"name": "x"}]', "[3]"])
def test_a_bad_file_is_named_and_the_menu_still_comes(
    index: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
):
    (tmp_path / "10-Bad.json").write_text(content)
    (tmp_path / "20-Good.json").write_text('[{"name": "Good", "url": "chat/good"}]')
    assert [entry.name for entry in index.listed_in_files(tmp_path)] == ["Good"]
    assert "10-Bad.json" in caplog.text


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


class Api(http.server.BaseHTTPRequestHandler):
    """Lists actions as OpenServerless does: at most 200 at once, and only for the right key."""

    status = 200
    actions: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        wanted = {name: int(value) for name, value in parse_qsl(url.query)}
        is_known = self.headers["Authorization"] == "Basic dXNlcjprZXk="
        is_right = is_known and url.path == "/api/v1/namespaces/_/actions"
        page = self.actions[wanted["skip"] : wanted["skip"] + min(wanted["limit"], 200)]
        body = json.dumps(page if is_right and self.status == 200 else {"error": "canary-secret"}).encode()
        self.send_response(self.status if is_right else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests look at answers."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Api]]:
    handler = type("OneApi", (Api,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        monkeypatch.setenv("__OW_API_HOST", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("__OW_API_KEY", "user:key")
        yield handler
        server.shutdown()
        ended(serving)


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 450])
def test_more_actions_than_one_list_holds_are_all_in_the_menu(load_action: Any, api: type[Api], count: int):
    api.actions = [action(f"a{number:03d}", f"5:Chat:{number:03d}::") for number in range(count)]
    services = load_action("mastrogpt/index").main({})["body"]["services"]
    names = [entry["name"] for group in services for entry in group["Chat"]]
    assert names == [f"{number:03d}" for number in range(count)]


@pytest.mark.parametrize("status", [403, 500])
def test_an_api_that_refuses_is_a_clear_error(load_action: Any, api: type[Api], status: int):
    api.status = status
    answer = load_action("mastrogpt/index").main({})
    assert answer["statusCode"] == 502
    assert f"the API answered {status}" in answer["body"]["error"]
    assert "canary" not in str(answer)


@pytest.mark.usefixtures("api")
def test_a_wrong_key_is_a_clear_error(load_action: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("__OW_API_KEY", "user:canary-secret")
    answer = load_action("mastrogpt/index").main({})
    assert "the API answered 401" in answer["body"]["error"]
    assert "canary" not in str(answer)


def test_the_deployed_menu_lists_the_chats_of_this_project(localops: LocalopsProcess):
    answer = httpx.post(f"{localops.url}/api/my/mastrogpt/index", timeout=20).json()
    assert answer["username"] == "devel"
    groups = [members for group in answer["services"] for members in group.values()]
    urls = {entry["url"] for members in groups for entry in members}
    assert urls >= {"chat/stateless", "chat/countdown", "chat/simple", "mastrogpt/demo", "mastrogpt/hello"}
    assert "tiny model" in answer["notice"]
