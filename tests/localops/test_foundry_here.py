"""The Foundry Local of this machine: found by its program or behind BASE_URL, and followed when it moves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from foundry_local import NEW, NEW_PROGRAM, OLD, OLD_PROGRAM, FoundryProgram, FoundryService
from localops_process import LocalopsProcess
from scripted_ollama import ScriptedOllama
from waiting import eventually

from localops.model_host import foundry

NAMES = (
    "OLLAMA_HOST",
    "OLLAMA_PROTO",
    "FOUNDRY_HOST",
    "BASE_URL",
    "MODEL",
    "CHAT_NOTICE",
    "AZURE_OPENAI_ENDPOINT",
)
SHOWS = "".join(["#--web true\n", *(f'#--param {name} "${name}"\n' for name in NAMES)]) + (
    f"def main(args):\n    return {{'body': {{name: args.get(name) for name in {NAMES}}}}}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Provide a project whose one action shows what it is given."""
    (tmp_path / "project" / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "project" / "packages" / "demo" / "shows.py").write_text(SHOWS)
    return tmp_path / "project"


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> FoundryProgram:
    folder = tmp_path / "bin"
    folder.mkdir()
    return FoundryProgram(folder, getattr(request, "param", NEW_PROGRAM))


def on_path(tmp_path: Path, **more: str) -> Mapping[str, str]:
    return {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", **more}


def shown(running: LocalopsProcess) -> dict[str, Any]:
    answer = httpx.post(f"{running.url}/api/my/demo/shows", timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Web URLs http://127.0.0.1:52364", "http://127.0.0.1:52364"),
        ("running on http://localhost:5273/openai/status, PID 1", "http://localhost:5273"),
        ("\x1b[32mhttps://[::1]:5273/\x1b[0m", "https://[::1]:5273"),
        ("http://0.0.0.0:5273", "http://127.0.0.1:5273"),
        ("see https://aka.ms/help, http://example.com:80 or http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.0.0.1:99999", None),
        ("http://example.com:5273", None),
        ("http://127.0.0.1", None),
        ("", None),
    ],
)
def test_the_first_address_of_this_machine_counts(text: str, url: str | None):
    server = foundry.server_in(text)
    assert (server and foundry.url_of(server)) == url


@pytest.mark.parametrize(
    ("program", "answers", "command"),
    [(NEW_PROGRAM, NEW, "foundry server status"), (OLD_PROGRAM, OLD, "foundry service status")],
    indirect=["program"],
    ids=["since 0.10", "up to 0.8"],
)
def test_it_is_found_by_its_program_and_offered_beside_the_default(
    project: Path, tmp_path: Path, program: FoundryProgram, answers: dict[str, Any], command: str
):
    with FoundryService(answers) as service, ScriptedOllama() as ollama:
        program.says(service.url)
        environment = on_path(tmp_path, OLLAMA_HOST=ollama.host, MODEL="gemma3:4b")
        with LocalopsProcess(project=project, environment=environment) as running:
            line = running.wait_for_line("model: Foundry Local at ")
            assert line.endswith(f"at {service.host}, found by `{command}`; type @ to choose a model there")
            assert running.wait_for_line("model: ").endswith("model: ollama/gemma3:4b answers")
            assert running.wait_for_line("model: ").endswith("model: foundry can be chosen with @")
            given = shown(running)
        assert (given["FOUNDRY_HOST"], given["OLLAMA_HOST"]) == (service.url, ollama.host)
        # So that it stays Ollama's model, and Ollama the one that answers.
        assert given["MODEL"] == "ollama/gemma3:4b"


def test_the_actions_follow_it_when_it_moves(project: Path, tmp_path: Path, program: FoundryProgram):
    first = FoundryService()
    with FoundryService() as later, first:
        program.says(first.url)
        with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running:
            running.wait_for_line(f"model: Foundry Local at {first.host}, found by")
            assert shown(running)["FOUNDRY_HOST"] == first.url
            program.says("")
            first.stop()
            stopped = running.wait_for_line("warning: model: Foundry Local")
            assert stopped.endswith(f"at {first.host} has stopped; `foundry server start` starts it again")
            program.says(later.url)
            running.wait_for_line(f"model: Foundry Local has moved to {later.host}")
            assert eventually(lambda: shown(running)["FOUNDRY_HOST"] == later.url)


def test_it_answers_by_default_where_model_says_so(tmp_path: Path, program: FoundryProgram):
    with FoundryService() as service, ScriptedOllama("From Ollama.") as ollama:
        program.says(service.url)
        settings = {"MODEL": "foundry/phi-4-mini", "CHAT_FALLBACK": "ollama", "OLLAMA_HOST": ollama.host}
        with LocalopsProcess(environment=on_path(tmp_path, **settings)) as running:
            line = running.wait_for_line("model: foundry/phi-4-mini answers; when it cannot, or says nothing")
            assert line.endswith("for 30 s, ollama/llama3.1:8b (CHAT_FALLBACK)")
            address = f"{running.url}/api/my/chat/stateless"
            assert httpx.post(address, json={"input": "Hi"}, timeout=60).json()["output"] == "I am Phi."
            assert service.said[0]["model"] == "phi-4-mini"
            service.stop()
            said = httpx.post(address, json={"input": "Hi"}, timeout=60).json()["output"]
    assert said == (
        f"(foundry at {service.host} cannot be reached: connection refused. ollama/llama3.1:8b answers.)"
        "\n\nFrom Ollama."
    )


def test_one_that_starts_later_is_found(project: Path, tmp_path: Path, program: FoundryProgram):
    with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running, FoundryService() as late:
        assert eventually(lambda: program.asked.exists())
        assert shown(running)["FOUNDRY_HOST"] == ""
        program.says(late.url)
        running.wait_for_line(f"model: Foundry Local at {late.host}, found by")
        assert eventually(lambda: shown(running)["FOUNDRY_HOST"] == late.url)


def test_an_address_where_something_else_answers_is_not_one(
    project: Path, tmp_path: Path, program: FoundryProgram
):
    with ScriptedOllama() as other:
        program.says(other.url)
        with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running:
            assert eventually(
                lambda: program.asked.exists() and program.asked.read_text().count("status") > 2
            )
            assert shown(running)["FOUNDRY_HOST"] == ""
            assert not any("Foundry" in line for line in running.log)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "https://foundry.example.com"])
def test_an_address_that_the_person_sets_beats_what_is_found(
    project: Path, tmp_path: Path, program: FoundryProgram, address: str
):
    with FoundryService() as service:
        program.says(service.url)
        (project / ".env").write_text(f"FOUNDRY_HOST={address}\n")
        with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running:
            running.wait_for_line("(FOUNDRY_HOST from .env)")
            running.wait_for_line("warning: model: ")
            given = shown(running)
        assert (given["FOUNDRY_HOST"], given["OLLAMA_HOST"]) == (address, "")
        assert not program.asked.exists()
        assert service.asked == []


def test_a_base_url_behind_which_it_answers_is_its_own(project: Path):
    with FoundryService(OLD) as service:
        environment = {"BASE_URL": f"{service.url}/v1", "MODEL": "phi-4-mini"}
        with LocalopsProcess(project=project, environment=environment) as running:
            line = running.wait_for_line("model: Foundry Local")
            assert line.endswith(f"at {service.host}, where BASE_URL leads: it is asked as FOUNDRY_HOST")
            assert running.wait_for_line("model: ").endswith("model: foundry/phi-4-mini answers")
            given = shown(running)
    assert given == {
        "OLLAMA_HOST": "",
        "OLLAMA_PROTO": "",
        "FOUNDRY_HOST": service.url,
        "BASE_URL": "",
        "MODEL": "phi-4-mini",
        "CHAT_NOTICE": "",
        "AZURE_OPENAI_ENDPOINT": "",
    }


def test_a_base_url_of_another_server_stays_one(project: Path):
    with ScriptedOllama() as other:
        environment = {"BASE_URL": other.url}
        with LocalopsProcess(project=project, environment=environment) as running:
            running.wait_for_line(f"model: OpenAI-compatible server at {other.host} has ")
            given = shown(running)
    assert (given["BASE_URL"], given["FOUNDRY_HOST"], given["OLLAMA_HOST"]) == (other.url, "", "")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("#!/there/is/no/such/shell\n", "cannot be run: No such file or directory"),
        ("#!/bin/sh\nexec sleep 600\n", "does not end within 10 s"),
    ],
)
def test_a_program_that_does_not_do_as_it_should_is_said_once_and_hinders_nothing(
    project: Path, tmp_path: Path, program: FoundryProgram, source: str, complaint: str
):
    program.file.write_text(source)
    with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running:
        assert shown(running)["FOUNDRY_HOST"] == ""
        line = running.wait_for_line("warning: model: `foundry")
    assert line.endswith(f"`foundry server status` {complaint}; set FOUNDRY_HOST to use a Foundry Local")
    assert sum("foundry" in line for line in running.log) == 1


def test_a_program_that_hangs_ends_with_localops(project: Path, tmp_path: Path, program: FoundryProgram):
    program.file.write_text(f'#!/bin/sh\necho $$ > "{program.asked}"\nexec sleep 600\n')
    with LocalopsProcess(project=project, environment=on_path(tmp_path)) as running:
        assert eventually(lambda: program.asked.exists() and program.asked.read_text().endswith("\n"))
        assert running.stop() == 0
    pid = int(program.asked.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
