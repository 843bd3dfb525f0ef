"""Which model server `up` chooses, and what it says about it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloud import WEB, cloud_of
from dotenv import dotenv_values
from localops_process import ROOT, LocalopsProcess
from scripted_ollama import Script, ScriptedOllama, Status

from localops.model_host.address import AddressError, read_address
from localops.model_host.host import ModelHost, ollama_of_this_machine
from localops.model_host.report import listed, missing
from localops.model_host.wanted import wanted_models
from localops.ollama.llamacpp import BUILTIN_FILE
from localops.project.folder import Project
from mastro.providers.errors import ModelError
from mastro.providers.ollama.host import OllamaHost, ollama_host

ASKS = """#--web true
#--param OLLAMA_HOST "$OLLAMA_HOST"
#--param CHAT_NOTICE "$CHAT_NOTICE"
import requests
MODEL = "llama3.1:8b"
COLD = {"temperature": 0}
def main(args):
    if not args.get("input"):
        return {"body": args["CHAT_NOTICE"]}
    asked = {"model": args.get("model", MODEL), "prompt": args["input"], "stream": False, "options": COLD}
    return {"body": requests.post(f"http://{args['OLLAMA_HOST']}/api/generate", json=asked).json()}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Provide a project whose one action asks for llama3.1:8b."""
    folder = tmp_path / "project"
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "asks.py").write_text(ASKS)
    return folder


def asks(running: LocalopsProcess, **arguments: str) -> Any:
    answer = httpx.post(f"{running.url}/api/my/demo/asks", json=arguments, timeout=60)
    assert answer.is_success, answer.text
    return answer.json() if arguments else answer.text


def read_by_chats(settings: dict[str, str]) -> str:
    """Return what the library of the chats reads out of settings."""
    try:
        found = ollama_host(settings)
    except ModelError as error:
        return str(error)
    return f"{found.scheme} {found.name} {found.port} {found.path} {found.headers} {found}"


@pytest.mark.parametrize("proto", ["", "http", "https", "HTTP", "ftp"])
@pytest.mark.parametrize("auth", ["", "user:pass word", "token", "token\n"])
@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com:8080",
        "127.0.0.1",
        "127.0.0.1:1234",
        "localhost",
        "ollama.localhost",
        "0.0.0.0:11434",
        "::1",
        "[::1]:11434",
        "host.docker.internal",
        "http://example.com",
        "https://example.com/ollama/",
        "https://user:p%40ss@example.com",
        "http://127.0.0.1",
        "example.com:port",
        "http://[::1",
        "ftp://example.com",
        ":11434",
    ],
)
def test_settings_are_read_as_the_chats_read_them(host: str, auth: str, proto: str):
    settings = {"OLLAMA_HOST": host, "OLLAMA_PROTO": proto, "AUTH": auth}
    try:
        found = read_address(settings)
        read = f"{found.scheme} {found.name} {found.port} {found.path} {found.headers} {found}"
    except AddressError as error:
        read = str(error)
    assert read == read_by_chats(settings)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('MODEL = "llama3.1:8b"', ["llama3.1:8b"]),
        ("a, b = 'phi4:14b', \"mxbai-embed-large:latest\"", ["phi4:14b", "mxbai-embed-large:latest"]),
        ('x = "user/model-7:1.5b-instruct-q4_K_M"', ["user/model-7:1.5b-instruct-q4_K_M"]),
        ('"qwen3:4b" "qwen3:4b"', ["qwen3:4b"]),
        ('"http://host:8080" "10:Chat:Demo::" "a:b" "python:3" "12:30"', []),
    ],
)
def test_a_models_name_in_a_source_is_wanted(tmp_path: Path, source: str, names: list[str]):
    folder = tmp_path / "packages" / "demo"
    (folder / "virtualenv" / "lib").mkdir(parents=True)
    (folder / "virtualenv" / "lib" / "other.py").write_text('"gemma3:4b"')
    (folder / "action.py").write_text(source)
    assert wanted_models(Project(tmp_path)) == tuple(names)


def test_this_project_asks_for_what_its_switcher_knows():
    assert wanted_models(Project(ROOT)) == ("llama3.1:8b", "deepseek-r1:32b")


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        (["llama3.1:8b"], ["llama3.1:8b"], []),
        (["llama3.1:8b"], ["Llama3.1:8B"], []),
        (["llama3.1:8b"], ["llama3.1:latest"], ["llama3.1:8b"]),
        (["bge:latest"], ["bge"], []),
        (["a:1b", "b:1b"], [], ["a:1b", "b:1b"]),
    ],
)
def test_models_are_compared_as_ollama_compares_them(
    wanted: list[str], there: list[str], expected: list[str]
):
    assert missing(wanted, there) == expected


def test_of_many_models_some_are_named():
    assert listed([]) == "no models yet"
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(11)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 3 more"


def test_an_ollama_of_this_machine_is_used_and_named():
    with ScriptedOllama() as ollama:
        port = int(ollama.host.rpartition(":")[2])
        found = ollama_of_this_machine(OllamaHost("http", "127.0.0.1", port))
    assert found is not None
    assert found.line == f"model: the Ollama of this machine, at {ollama.host}"
    assert found.variables == {"OLLAMA_HOST": ollama.host, "OLLAMA_PROTO": "http", "CHAT_NOTICE": ""}


@pytest.mark.parametrize("refuse", [True, False])
def test_what_is_no_ollama_is_not_used(refuse: bool):
    other = Script("", routes={"/": [Status(200, "<h1>another program</h1>")]})
    with ScriptedOllama(other, refuse=refuse) as server:
        port = int(server.host.rpartition(":")[2])
        assert ollama_of_this_machine(OllamaHost("http", "127.0.0.1", port)) is None


def test_the_models_of_an_ollama_are_named_and_how_to_get_those_that_are_missing(project: Path):
    (project / "packages" / "demo" / "other.py").write_text('MODELS = ["deepseek-r1:32b", "qwen3:4b"]')
    script = Script("Hi.", models=("llama3.1:8b", "mistral:7b"))
    with (
        ScriptedOllama(script) as ollama,
        LocalopsProcess(project=project, environment={"OLLAMA_HOST": ollama.host}) as running,
    ):
        assert running.wait_for_line(f"model: {ollama.host} (OLLAMA_HOST from environment)")
        assert running.wait_for_line("model: it has llama3.1:8b, mistral:7b")
        for name in ("deepseek-r1:32b", "qwen3:4b"):
            line = running.wait_for_line(f"model: {name}, which the chats ask for, is not pulled")
            assert line.endswith(f"get it with: OLLAMA_HOST=http://{ollama.host} ollama pull {name}")
        assert not any("llama3.1:8b, which the chats ask for" in line for line in running.log)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (
            None,
            "warning: model: no Ollama answers at HOST, so nothing answers in the chats until it does",
        ),
        (
            Status(401, {"error": "unauthorized"}),
            "warning: model: it does not list its models: unauthorized",
        ),
        (
            Status(200, "<h1>Welcome</h1>"),
            "warning: model: it does not list its models: "
            "what answers at HOST does not speak Ollama's protocol",
        ),
    ],
    ids=["nobody", "refused", "no Ollama"],
)
def test_a_model_server_that_does_not_answer_is_said_and_hinders_nothing(
    project: Path, answer: Status | None, line: str
):
    script = Script("", routes={"/api/tags": [answer] if answer else []})
    server = ScriptedOllama(script, refuse=answer is None)
    with server, LocalopsProcess(project=project, environment={"OLLAMA_HOST": server.host}) as running:
        assert running.wait_for_line("warning: model: ").endswith(line.replace("HOST", server.host))
        assert asks(running) == ""


def test_settings_that_make_no_sense_are_said_without_their_secrets(project: Path):
    environment = {"OLLAMA_HOST": "http://example.test", "AUTH": "user:sesame-of-tests"}
    with LocalopsProcess(project=project, environment=environment) as running:
        line = running.wait_for_line("warning: model: ")
        assert "AUTH is not sent to example.test over plain http" in line
        assert not any("sesame" in each for each in running.log)


def test_credentials_go_along_and_are_not_shown(project: Path):
    refused = Status(401, {"error": "the key Bearer sesame-of-tests is not known"})
    server = ScriptedOllama(Script("", routes={"/api/tags": [refused]}))
    environment = {"AUTH": "sesame-of-tests"}
    with (
        server,
        LocalopsProcess(project=project, environment={"OLLAMA_HOST": server.host, **environment}) as running,
    ):
        assert "the key Bearer " in running.wait_for_line("warning: model: it does not list its models: ")
        assert server.requests[-1].headers["authorization"] == "Bearer sesame-of-tests"
        assert not any("sesame" in each for each in running.log)


@pytest.mark.parametrize(
    ("host", "proto", "login"),
    [
        ("127.0.0.1:1234", "", ("127.0.0.1:1234", "http")),
        ("localhost", "", ("localhost", "http")),
        ("http://[::1]:11434", "", ("http://[::1]:11434", "http")),
        ("https://ollama.localhost", "", ("https://ollama.localhost", "https")),
        ("ollama.example.com", "", ("not-in-localops.invalid", "https")),
        ("http://10.0.0.7:11434", "", ("not-in-localops.invalid", "https")),
        ("localhost.example.com", "http", ("not-in-localops.invalid", "https")),
        ("http://[", "", ("not-in-localops.invalid", "https")),
    ],
)
def test_a_login_leads_to_a_model_server_of_this_machine_and_to_no_other(
    host: str, proto: str, login: tuple[str, str]
):
    found = ModelHost({"OLLAMA_HOST": host, "OLLAMA_PROTO": proto}, "").login
    assert (found["OLLAMA_HOST"], found["OLLAMA_PROTO"]) == login


SENDS_KEY = """import requests
def main(args):
    url = f"{args['OLLAMA_PROTO']}://{args['AUTH']}@{args['OLLAMA_HOST']}/api/generate"
    asked = {"model": "llama3.1:8b", "prompt": args["input"], "stream": False}
    return {"body": requests.post(url, json=asked).json()["response"]}
"""


def test_what_is_deployed_with_the_variables_of_a_login_asks_the_model_of_this_machine(project: Path):
    (project / "packages" / ".env").write_text("OLLAMA_HOST=ollama.example.com\nOLLAMA_PROTO=https\n")
    with (
        ScriptedOllama(Script("Rome.", models=("llama3.1:8b",))) as ollama,
        LocalopsProcess(project=project, environment={"OLLAMA_HOST": ollama.host}) as running,
    ):
        cloud = cloud_of(running.url, project)
        kept = json.loads((project / ".localops" / "credentials.json").read_text())
        who = {"login": kept["user"], "password": kept["password"]}
        login = httpx.post(f"{running.url}/api/v1/web/whisk-system/nuv/login", json=who, timeout=60).json()
        # The order of `ops ide deploy`: what a login gave outranks `packages/.env`.
        given = {**dotenv_values(project / "packages" / ".env"), **login}
        parameters = {name: given[name] for name in ("OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")}
        with cloud.session:
            cloud.call("PUT", "packages/demo", json={})
            cloud.deploy("demo/sends", SENDS_KEY, annotations=WEB, parameters=parameters)
        assert httpx.post(f"{running.url}/api/my/demo/sends", json={"input": "x"}, timeout=60).text == "Rome."
        assert ollama.requests[-1].path == "/api/generate"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a folder with a model of the person's own, which is the built-in one under another name."""
    folder = tmp_path_factory.mktemp("my models")
    shutil.copy(BUILTIN_FILE, folder / "pocket.gguf")
    (folder / "README.md").write_text("no model")
    return folder


def test_a_model_file_answers_for_the_names_that_are_asked_for_and_says_who_it_is(
    project: Path, models: Path
):
    environment = {"OLLAMA_HOST": "example.test"}
    words = ["--model", str(models / "pocket.gguf")]
    with LocalopsProcess(*words, project=project, environment=environment) as running:
        said = "pocket.gguf answers, also in the place of llama3.1:8b and deepseek-r1:32b."
        assert running.wait_for_line("model: ").endswith(f"model: {said}")
        assert running.wait_for_line("model: ready, as ", timeout_s=60).endswith("ready, as pocket:latest")
        assert asks(running) == said
        answer = asks(running, input="What is the capital of Italy?")
        assert answer["model"] == "pocket:latest"
        assert "Rome" in answer["response"]
        assert asks(running, input="Hi", model="nobody:1b") == {"error": "model 'nobody:1b' not found"}


def test_a_folder_of_models_is_served_whole(project: Path, models: Path):
    shutil.copy(BUILTIN_FILE, models / "second.gguf")
    with LocalopsProcess("--model", str(models), project=project) as running:
        said = running.wait_for_line("model: the models of")
        assert "answer, the first that can chat also in the place of llama3.1:8b and deepseek-r1:32b" in said
        line = running.wait_for_line("model: ready, as ", timeout_s=60)
        names = line.partition("ready, as ")[2].split(", ")
        assert sorted(names) == ["pocket:latest", "second:latest"]
        assert asks(running, input="Hi", model="second")["model"] == "second"


def test_a_model_that_cannot_be_loaded_ends_up_with_a_sentence(project: Path, tmp_path: Path):
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(BUILTIN_FILE.read_bytes()[:2_000_000])
    words = ["up", "--no-open", "--port", "0", "--project", str(project), "--model", str(damaged)]
    done = subprocess.run(
        [sys.executable, "-m", "localops", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    *lines, last = done.stderr.splitlines()
    assert last == "localops: the model server cannot run what --model names; the line above says why"
    assert any("damaged.gguf" in line for line in lines)
    assert "Traceback" not in done.stderr


def refused(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "localops", "up", "--no-open", "--port", "0", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.gguf", "No such file or directory; name a GGUF file or a folder of them"),
        ("empty", "there is no .gguf file in this folder"),
        ("page.gguf", "this is not a GGUF file; download the model as one"),
        ("short.gguf", "this is not a GGUF file"),
        ("llama=page.gguf", "this is not a GGUF file"),
    ],
)
def test_what_is_no_model_is_refused_in_a_sentence(tmp_path: Path, name: str, sentence: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.gguf").write_text("<html>")
    (tmp_path / "short.gguf").write_bytes(b"GG")
    word = name.replace("page", f"{tmp_path}/page") if "=" in name else str(tmp_path / name)
    assert sentence in refused("--model", word)
