"""Projects of the first starter and of the courses, as they are: their menu, their page, their model."""

from __future__ import annotations

import json
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess
from scripted_ollama import Answer, Schedule, Script, ScriptedOllama

from localops.deployment.https_front import http_server_of_this_machine
from localops.openwhisk.http_answer import WebResponse
from localops.routes.old_menu import adapted
from localops.routes.site import page_elsewhere

TIMEOUT_S = 60
# Actions of these projects build their model server's address so, and know no OLLAMA_PROTO.
HEAD = "#--web true\n#--param OLLAMA_HOST $OLLAMA_HOST\n#--param AUTH $AUTH\n"
KNOWS_BOTH = """#--web true
#--param OLLAMA_HOST "$OLLAMA_HOST"
#--param OLLAMA_PROTO "$OLLAMA_PROTO"
#--param AUTH "$AUTH"
"""
REQUESTS = """import requests
def main(args):
    url = "https://{AUTH}@{OLLAMA_HOST}/api/generate".format(**args)
    message = {"model": "llama3.1:8b", "prompt": args["input"], "stream": False}
    return {"body": {"output": requests.post(url, json=message).json()["response"]}}
"""
URLLIB = """import json, urllib.request
def main(args):
    message = json.dumps({"model": "llama3.1:8b", "prompt": args["input"], "stream": False}).encode()
    with urllib.request.urlopen("https://%s/api/generate" % args["OLLAMA_HOST"], message) as answer:
        return {"body": {"output": json.load(answer)["response"]}}
"""
WITHOUT_TLS = URLLIB.replace("https://", "http://")
ADDRESS = "def main(args): return {'body': {'host': args['OLLAMA_HOST'], 'auth': args['AUTH']}}\n"
INDEX = """#--web true
#--param USERNAME $OPSDEV_USERNAME
def main(args):
    menu = {"Chat": [{"name": "Remote", "url": "chat/by_requests"}], "Test": []}
    return {"body": {"username": args["USERNAME"], "services": menu}}
"""
FRAME = '<html><head><title>x</title></head><body>\n<iframe id="a" src="https://example.com"></iframe>\n</body></html>'
FILES = {
    "packages/mastrogpt/index/__main__.py": INDEX,
    "packages/chat/by_requests.py": HEAD + REQUESTS,
    "packages/chat/by_urllib.py": HEAD + URLLIB,
    "packages/chat/without_tls.py": HEAD + WITHOUT_TLS,
    "packages/chat/address.py": HEAD + ADDRESS,
    "packages/chat/knows_both.py": KNOWS_BOTH + ADDRESS,
    "web/index.html": FRAME,
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("older"), FILES)


@pytest.fixture(scope="module")
def older(project: Path, model: ScriptedOllama) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": model.host}) as process:
        yield process


def ask(server: LocalopsProcess, action: str, **members: str) -> dict[str, str]:
    answer = httpx.post(f"{server.url}/api/my/{action}", json=members, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("action", ["by_requests", "by_urllib", "without_tls"])
def test_an_action_that_takes_https_for_granted_reaches_the_model_of_this_machine(
    older: LocalopsProcess, action: str
):
    answer = ask(older, f"chat/{action}", input="What is the capital of Italy?")
    assert answer == {"output": "The capital of Italy is Rome."}


def test_credentials_that_nobody_set_do_not_take_an_action_out_of_service(older: LocalopsProcess):
    assert ask(older, "chat/address")["auth"] == "none:none"


def test_credentials_reach_the_model_server(model: ScriptedOllama, tmp_path: Path):
    environment = {"OLLAMA_HOST": model.host, "AUTH": "me:secret"}
    with LocalopsProcess(project=written(tmp_path, FILES), environment=environment) as server:
        ask(server, "chat/by_requests", input="x")
    assert model.requests[-1].headers["authorization"] == "Basic bWU6c2VjcmV0"


def test_an_action_that_knows_the_protocol_gets_the_model_server_itself(
    older: LocalopsProcess, model: ScriptedOllama
):
    assert ask(older, "chat/address")["host"] != model.host
    assert ask(older, "chat/knows_both") == {"host": model.host, "auth": ""}


def test_a_stream_passes_at_once_and_ends_when_the_client_leaves(
    tmp_path: Path,
):
    slow = Answer("one two ", endless=True, schedule=Schedule(tokens_per_s=20))
    with (
        ScriptedOllama(Script(slow, models=("llama3.1:8b",))) as model,
        LocalopsProcess(project=written(tmp_path, FILES), environment={"OLLAMA_HOST": model.host}) as server,
    ):
        url = f"https://{ask(server, 'chat/address')['host']}/api/generate"
        trusted = ssl.create_default_context(cafile=tmp_path / ".localops" / "https" / "trusted.pem")
        message = {"model": "llama3.1:8b", "prompt": "x"}
        with (
            httpx.Client(verify=trusted, timeout=TIMEOUT_S) as client,
            client.stream("POST", url, json=message) as answer,
        ):
            assert json.loads(next(answer.iter_lines()))["response"] == "one"
        assert model.requests[-1].wait_closed(TIMEOUT_S)


def test_the_certificate_is_made_once_and_its_key_is_the_owners(older: LocalopsProcess, project: Path):
    ask(older, "chat/by_requests", input="x")
    folder = project / ".localops" / "https"
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    before = (folder / "certificate.pem").read_bytes()
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": "localhost:1"}):
        assert (folder / "certificate.pem").read_bytes() == before


def test_without_openssl_it_is_said_what_will_not_work(tmp_path: Path, model: ScriptedOllama):
    project = written(tmp_path, FILES)
    environment = {"OLLAMA_HOST": model.host, "AUTH": "a:b", "PATH": ""}
    with LocalopsProcess(project=project, environment=environment) as server:
        server.wait_for_line("will fail: the command openssl is not installed")
        assert ask(server, "mastrogpt/index")["username"] == "devel"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"OLLAMA_HOST": "127.0.0.1:1234", "OLLAMA_PROTO": "http"}, ("127.0.0.1", 1234)),
        ({"OLLAMA_HOST": "localhost:1234"}, ("localhost", 1234)),
        ({"OLLAMA_HOST": "http://localhost"}, ("localhost", 80)),
        ({"OLLAMA_HOST": "https://localhost"}, None),
        ({"OLLAMA_HOST": "localhost", "OLLAMA_PROTO": "https"}, None),
        ({"OLLAMA_HOST": "ollama.example.com"}, None),
        ({"OLLAMA_HOST": "http://10.0.0.7:11434"}, None),
        ({}, None),
    ],
)
def test_only_a_model_server_of_this_machine_that_speaks_http_gets_help(
    variables: dict[str, str], expected: tuple[str, int] | None
):
    assert http_server_of_this_machine(variables) == expected


def test_an_older_menu_comes_in_the_shape_of_today(older: LocalopsProcess):
    place = older.url
    assert ask(older, "mastrogpt/index") == {
        **{name: place for name in ("host", "apihost", "streamer", "s3")},
        "username": "devel",
        "services": [{"Chat": [{"name": "Remote", "url": "chat/by_requests"}]}, {"Test": []}],
    }
    older.wait_for_line("mastrogpt/index answers in the older shape")


@pytest.mark.parametrize("body", [b'{"services":[{"A":[]}]}', b'{"error":"x"}', b"[]", b"not JSON", b""])
def test_any_other_answer_of_the_menu_stays_as_it_is(body: bytes):
    assert adapted(WebResponse(200, body), {"host": "h"}) is None


def test_what_an_older_menu_says_itself_wins():
    answer = adapted(WebResponse(200, b'{"host":"mine","services":{}}'), {"host": "h", "s3": "s"})
    assert answer is not None
    assert json.loads(answer.body) == {"host": "mine", "s3": "s", "services": []}


def test_a_page_that_only_frames_one_on_the_internet_gives_way_to_the_built_in_one(older: LocalopsProcess):
    built_in = (ROOT / "web" / "index.html").read_text()
    assert httpx.get(older.url, timeout=TIMEOUT_S).text == built_in
    own = httpx.get(older.url, headers={"host": "devel.localhost"}, timeout=TIMEOUT_S)
    assert own.text == FRAME
    assert any("only shows https://example.com" in line for line in older.log)


@pytest.mark.parametrize(
    ("page", "address"),
    [
        (FRAME, "https://example.com"),
        ("<body class=a><IFRAME src='http://example.com/a?b'/></body>", "http://example.com/a?b"),
        ('<body><h1>Mine</h1><iframe src="https://example.com"></iframe></body>', None),
        ('<body><iframe src="/own.html"></iframe></body>', None),
        ("<body></body>", None),
        ("", None),
    ],
)
def test_a_page_with_anything_of_its_own_is_shown(tmp_path: Path, page: str, address: str | None):
    (tmp_path / "index.html").write_text(page)
    assert page_elsewhere(tmp_path) == address


@pytest.mark.parametrize(
    ("files", "shown"),
    [({}, None), ({"web/index.html": "mine"}, "mine"), ({"web/other.html": "no index"}, None)],
)
def test_a_project_without_a_page_gets_the_built_in_one(
    tmp_path: Path, files: dict[str, str], shown: str | None
):
    built_in = (ROOT / "web" / "index.html").read_text()
    with LocalopsProcess(project=written(tmp_path, {"packages/a/b.py": "", **files})) as server:
        assert httpx.get(server.url, timeout=TIMEOUT_S).text == (shown or built_in)
