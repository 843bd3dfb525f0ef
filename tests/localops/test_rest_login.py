"""The login of the `ops` tools, and what is not done of the REST API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cloud import LOGIN_PATH, Cloud, cloud_of
from localops_process import LocalopsProcess

# A busy machine may be slow to start an action; what is right comes long before this.
TIMEOUT_S = 60

NAMES = """#--web true
#--param KEY $S3_ACCESS_KEY
#--param MILVUS $MILVUS_TOKEN
def main(args): return {'body': args['KEY'] + ' ' + args['MILVUS']}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("login")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "names.py").write_text(NAMES)
    (folder / ".env").write_text("MILVUS_TOKEN=my:own\nAUTH=for-the-model\n")
    return folder


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project) as process:
        yield process


@pytest.fixture(scope="module")
def password(running: LocalopsProcess, project: Path) -> str:
    assert running.url, "credentials are made at the first start"
    return json.loads((project / ".localops" / "credentials.json").read_text())["password"]


@pytest.fixture(scope="module")
def cloud(running: LocalopsProcess, project: Path) -> Iterator[Cloud]:
    found = cloud_of(running.url, project)
    with found.session:
        yield found


def log_in(running: LocalopsProcess, **members: object) -> httpx.Response:
    return httpx.post(running.url + LOGIN_PATH, json=members, timeout=TIMEOUT_S)


def test_the_first_start_says_how_to_log_in_and_keeps_the_password_off_the_console(
    running: LocalopsProcess, password: str, project: Path
):
    line = next(line for line in running.log if "ops ide login" in line)
    assert f"ops ide login devel {running.url} (the password is in .localops/credentials.json)" in line
    assert password not in "\n".join(running.log)
    with LocalopsProcess(project=project) as second:
        second.wait_for_line("model: ")
        assert not [line for line in second.log if "ops ide login" in line]


def test_a_start_that_fails_makes_no_credentials(running: LocalopsProcess, tmp_path: Path):
    (tmp_path / "packages").mkdir()
    failed = LocalopsProcess(project=tmp_path, port=int(running.url.rpartition(":")[2]))
    failed.__exit__(None, None, None)
    assert "is taken by another program" in failed.log[-1]
    assert not (tmp_path / ".localops" / "credentials.json").exists()


def test_what_a_caller_writes_cannot_break_the_console(running: LocalopsProcess):
    running.forget_lines()
    log_in(running, login="a\nb\x1b[2J", password="x")
    assert r"a\nb\x1b[2J" in running.wait_for_line("login refused")


def test_a_login_gives_texts_that_the_client_can_keep(running: LocalopsProcess, password: str):
    answer = log_in(running, login="devel", password=password)
    assert answer.status_code == 200
    found = answer.json()
    assert {type(value) for value in found.values()} == {str}
    assert "" not in found.values()
    parts = [tuple(name.split("_")) for name in found]
    assert all(all(part for part in name) for name in parts)
    for name in parts:
        assert not [other for other in parts if other != name and other[: len(name)] == name]


def test_no_secret_of_a_login_looks_like_something_else(running: LocalopsProcess, password: str):
    found = log_in(running, login="devel", password=password).json()
    assert re.fullmatch(r"[0-9a-f-]{36}:[A-Za-z][A-Za-z0-9]+", found["AUTH"])
    for name in ("AUTH", "S3_SECRET_KEY"):
        with pytest.raises(ValueError, match="could not convert"):
            float(found[name])


def test_a_login_names_what_runs_here(running: LocalopsProcess, password: str):
    found = log_in(running, login="devel", password=password).json()
    port = running.url.rpartition(":")[2]
    assert (found["OLLAMA_HOST"].partition(":")[0], found["OLLAMA_PROTO"]) == ("127.0.0.1", "http")
    assert found["S3_API_URL"] == running.url
    assert (found["S3_HOST"], found["S3_PORT"]) == ("localhost", port)
    assert (found["S3_ACCESS_KEY"], found["S3_BUCKET_DATA"], found["S3_BUCKET_STATIC"]) == (
        "devel",
        "devel-data",
        "devel-web",
    )
    answer = httpx.get(f"{found['USER_REST_API_URL']}/demo/names", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.text) == (200, "devel my:own")
    assert httpx.get(f"{found['USER_V1_API_URL']}/api/v1", timeout=TIMEOUT_S).json()["api_version"] == "1.0.0"


def test_what_does_not_run_here_has_the_projects_address_or_one_that_leads_nowhere(
    running: LocalopsProcess, password: str
):
    found = log_in(running, login="devel", password=password).json()
    assert found["MILVUS_TOKEN"] == "my:own"
    assert found["POSTGRES_URL"].endswith("@not-in-localops.invalid:5432/devel")


def test_actions_on_disk_can_name_what_a_login_gives(running: LocalopsProcess):
    assert httpx.get(f"{running.url}/api/my/demo/names", timeout=TIMEOUT_S).text == "devel my:own"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"login": "devel", "password": "wrong"}, "password mismatch for user devel"),
        ({"login": "devel", "password": ""}, "password mismatch for user devel"),
        ({"login": "somebody", "password": "wrong"}, "no user somebody found"),
        ({"login": "devel"}, "please provide login and password parameters"),
        ({"login": ["devel"], "password": "x"}, "please provide login and password parameters"),
        ({}, "please provide login and password parameters"),
    ],
)
def test_a_wrong_login_is_a_plain_sentence(running: LocalopsProcess, members: dict[str, object], text: str):
    answer = log_in(running, **members)
    assert (answer.status_code, answer.text) == (400, text)


@pytest.mark.parametrize("body", [b"{", b"[]", b"login=devel"])
def test_a_login_that_is_no_object_is_refused(running: LocalopsProcess, body: bytes):
    assert httpx.post(running.url + LOGIN_PATH, content=body, timeout=TIMEOUT_S).status_code == 400


def test_only_a_post_logs_in(running: LocalopsProcess):
    assert httpx.options(running.url + LOGIN_PATH, timeout=TIMEOUT_S).status_code == 200
    assert httpx.get(running.url + LOGIN_PATH, timeout=TIMEOUT_S).status_code in (404, 405)


def test_the_key_of_a_login_opens_the_rest_api_and_is_what_actions_get(cloud: Cloud):
    assert cloud.call("GET", "/api/v1/namespaces").json() == ["devel"]
    source = "import os\ndef main(args): return {'key': os.environ.get('__OW_API_KEY')}\n"
    for given, key in ((True, cloud.auth), (False, None), ("true", cloud.auth), (0, None)):
        cloud.deploy("key", source, annotations={"provide-api-key": given})
        assert cloud.invoke("key", blocking=True, result=True).json() == {"key": key}


SOURCE = {"kind": "python:3", "code": "def main(args): return {}"}


@pytest.mark.parametrize(
    ("method", "path", "body", "part"),
    [
        ("PUT", "triggers/t", {}, "localops does not answer PUT /api/v1/namespaces/_/triggers/t"),
        ("GET", "triggers/t", None, "localops does not answer GET"),
        ("POST", "triggers/t", {}, "localops does not answer POST"),
        ("DELETE", "rules/r", None, "localops does not answer DELETE"),
        ("GET", "/api/v1/api-docs", None, "localops does not answer GET /api/v1/api-docs"),
        (
            "PUT",
            "packages/b",
            {"binding": {"namespace": "_", "name": "x"}},
            "localops does not bind packages",
        ),
        ("PUT", "actions/s", {"exec": {"kind": "sequence", "components": ["/_/a"]}}, "does not do sequences"),
        ("PUT", "actions/s", {"exec": {**SOURCE, "kind": "nodejs:default"}}, "runs Python actions only"),
        ("PUT", "actions/s", {"exec": {**SOURCE, "kind": "go:1.22"}}, "runs Python actions only"),
        ("PUT", "actions/s", {"exec": {"kind": "blackbox", "image": "some/image"}}, "only a container image"),
        (
            "PUT",
            "actions/s",
            {"exec": SOURCE, "parameters": [{"key": "p", "value": 1, "init": True}]},
            "localops does not do parameters with init or encryption; p has one",
        ),
    ],
)
def test_what_is_not_done_says_so(cloud: Cloud, method: str, path: str, body: object, part: str):
    answer = cloud.call(method, path, json=body)
    assert answer.status_code == 501
    assert part in answer.json()["error"]
    assert answer.json()["code"]


def test_python_in_an_image_runs_as_plain_python_with_a_warning(cloud: Cloud, running: LocalopsProcess):
    running.forget_lines()
    made = cloud.deploy("imaged", SOURCE["code"], exec={"kind": "blackbox", "image": "some/image:1"})
    assert (made["exec"]["kind"], made["exec"]["image"]) == ("blackbox", "some/image:1")
    assert "imaged runs as plain Python here, not in its image some/image:1" in running.wait_for_line(
        "warning: imaged"
    )
    assert cloud.invoke("imaged", blocking=True).json()["response"]["success"] is True


def test_half_a_character_is_refused_before_it_can_do_harm(cloud: Cloud):
    body = b'{"exec": {"kind": "python:3", "code": "# \\ud800"}}'
    headers = {"content-type": "application/json"}
    answer = cloud.call("PUT", "actions/half", data=body, headers=headers)
    assert answer.status_code == 400
    whole = body.replace(b"\\ud800", b"\\ud83d\\ude00")
    assert cloud.call("PUT", "actions/half", data=whole, headers=headers).json()["exec"]["code"] == "# 😀"
