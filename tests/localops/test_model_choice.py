"""Who answers by default, in which order the others follow, and what `up` says of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess, copy_of
from scripted_ollama import Script, ScriptedOllama, Status

from localops.model_host.settings import in_force, of_desk, other_default
from localops.project.folder import Project
from localops.project.variables import Variable

AZURE = "https://a.openai.azure.com"
ENDS = ("/models", "/chat/completions")
QUESTIONS: list[dict[str, object]] = [{"input": "Hi"}, {"input": "@"}, {}, {"input": "Hi", "metrics": True}]
GROQ = "https://api.groq.com/openai/v1"
HERE = "127.0.0.1:5273"
NOWHERE = "127.0.0.1:9"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project" / "packages" / "demo").mkdir(parents=True)
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, None),
        ({"OLLAMA_HOST": "example.com"}, None),
        ({"BASE_URL": ""}, None),
        ({"BASE_URL": GROQ}, "openai"),
        ({"AZURE_OPENAI_ENDPOINT": AZURE}, "azure"),
        ({"FOUNDRY_HOST": HERE}, "foundry"),
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "BASE_URL": GROQ, "FOUNDRY_HOST": HERE}, "foundry"),
        # Who only comes after others, or answers for a task, does not come first.
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "CHAT_FALLBACK": "azure"}, None),
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "CHAT_FALLBACK": "azure/gpt-4o"}, None),
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "FOUNDRY_HOST": HERE, "CHAT_FALLBACK": "azure"}, "foundry"),
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "CHAT_FALLBACK": "local"}, "azure"),
        ({"AZURE_OPENAI_ENDPOINT": AZURE, "CHAT_TASKS": "research: azure, code:local"}, None),
        ({"BASE_URL": GROQ, "CHAT_TASKS": "research:ollama/llama3.1:8b"}, "openai"),
        # Unless MODEL says so.
        (
            {"AZURE_OPENAI_ENDPOINT": AZURE, "CHAT_FALLBACK": "azure", "MODEL": "azure/gpt-4o"},
            "azure",
        ),
        ({"FOUNDRY_HOST": HERE, "BASE_URL": GROQ, "MODEL": "openai/gpt-oss"}, "openai"),
        ({"BASE_URL": GROQ, "MODEL": "azure/gpt-4o"}, "openai"),
    ],
)
def test_a_server_that_a_setting_names_answers_by_default(settings: dict[str, str], name: str | None):
    variables = {key: Variable(value, "environment") for key, value in settings.items()}
    assert other_default(variables) == name


def said(environment: Mapping[str, str], project: Path, last: str) -> list[str]:
    """Return what `up` says of model servers, up to a line that holds a text."""
    with LocalopsProcess(project=project, environment=environment) as running:
        running.wait_for_line(last)
        return [line[9:] for line in running.log if "model: " in line]


def test_up_says_who_answers_in_which_order_and_who_does_not(project: Path):
    with ScriptedOllama() as ollama, ScriptedOllama() as other:
        environment = {
            "OLLAMA_HOST": ollama.host,
            "BASE_URL": other.url,
            "FOUNDRY_HOST": NOWHERE,
            "AZURE_OPENAI_ENDPOINT": f"http://{NOWHERE}",
            "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
            "MODEL": "openai/gpt-oss",
            "CHAT_FALLBACK": "azure,foundry/phi-4-mini",
            "CHAT_LONG_WORDS": "100",
            "CHAT_TASKS": "research:azure,code_generation:ollama/qwen3:4b",
            "FALLBACK_AFTER": "12.5",
        }
        lines = said(environment, project, "Azure OpenAI cannot be reached")
    expected = [
        f"model: {ollama.host} (OLLAMA_HOST from environment)",
        "model: openai/gpt-oss answers; when it cannot, or says nothing for 12.5 s, "
        "azure/my-gpt and then foundry/phi-4-mini (CHAT_FALLBACK)",
        "model: a message of 100 words or more goes to azure/my-gpt first (CHAT_LONG_WORDS)",
        "model: the task research goes to azure/my-gpt (CHAT_TASKS)",
        "model: the task code_generation goes to ollama/qwen3:4b (CHAT_TASKS)",
        f"model: OpenAI-compatible server at {other.host} has llama3.1:8b, deepseek-r1:32b",
        f"warning: model: Foundry Local at {NOWHERE} cannot be reached (connection refused): "
        "start it with `foundry server start`; its port changes at each start.",
        "warning: model: Azure OpenAI cannot be reached (connection refused): "
        "check AZURE_OPENAI_ENDPOINT, and that this machine is online.",
    ]
    assert [line for line in lines if "it has" not in line and "pulled" not in line] == expected


BUILT_IN = "A real but tiny model"


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        (
            {"BASE_URL": f"http://{NOWHERE}/v1", "MODEL": "gemma3"},
            [
                f"model: OpenAI-compatible server at {NOWHERE} (BASE_URL from environment)",
                "model: openai/gemma3 answers",
                f"warning: model: The model server at {NOWHERE} cannot be reached (connection refused): "
                "check that it runs and that BASE_URL is right.",
            ],
        ),
        (
            {"FOUNDRY_HOST": NOWHERE, "CHAT_FALLBACK": "azure"},
            [
                f"model: Foundry Local at {NOWHERE} (FOUNDRY_HOST from environment)",
                "warning: model: CHAT_FALLBACK names 'azure', which is not configured: "
                "known are foundry and local.",
                f"warning: model: Foundry Local at {NOWHERE} cannot be reached (connection refused): "
                "start it with `foundry server start`; its port changes at each start.",
            ],
        ),
        (
            {"FOUNDRY_HOST": NOWHERE, "CHAT_LONG_WORDS": "50", "MODEL": "phi-4-mini"},
            [
                f"model: Foundry Local at {NOWHERE} (FOUNDRY_HOST from environment)",
                "model: foundry/phi-4-mini answers",
                "model: CHAT_LONG_WORDS changes nothing: CHAT_FALLBACK names nobody else to ask",
                f"warning: model: Foundry Local at {NOWHERE} cannot be reached (connection refused): "
                "start it with `foundry server start`; its port changes at each start.",
            ],
        ),
        (
            {"BASE_URL": "ftp://example.com", "FALLBACK_AFTER": "soon"},
            [
                "model: BASE_URL from environment cannot be used: "
                "The scheme of BASE_URL is neither http nor https: correct the setting.",
                "warning: model: FALLBACK_AFTER is not a number: correct the setting.",
                "warning: model: The scheme of BASE_URL is neither http nor https: correct the setting.",
            ],
        ),
    ],
    ids=["a dead server", "an unknown fallback", "length without a fallback", "unusable settings"],
)
def test_up_says_what_will_not_work(project: Path, environment: dict[str, str], lines: list[str]):
    assert said(environment, project, lines[-1]) == lines


def test_a_server_that_is_only_asked_after_others_leaves_the_default_as_it_is(project: Path):
    environment = {"AZURE_OPENAI_ENDPOINT": f"http://{NOWHERE}/", "AZURE_OPENAI_DEPLOYMENT": "my-gpt"}
    lines = said({**environment, "CHAT_FALLBACK": "azure"}, project, "warning: model: Azure OpenAI")
    assert BUILT_IN in lines[0]
    assert lines[1] == (
        "model: ollama/llama3.1:8b answers; when it cannot, or says nothing for 30 s, "
        "azure/my-gpt (CHAT_FALLBACK)"
    )


def test_with_an_ollama_alone_nothing_is_said_of_others(project: Path):
    with ScriptedOllama() as ollama:
        lines = said({"OLLAMA_HOST": ollama.host}, project, "it has")
    assert [line for line in lines if "pulled" not in line] == [
        f"model: {ollama.host} (OLLAMA_HOST from environment)",
        "model: it has llama3.1:8b, deepseek-r1:32b",
    ]


def test_what_packages_env_names_is_for_a_deployment_and_not_for_this_machine(project: Path):
    (project / "packages" / ".env").write_text(f"BASE_URL={GROQ}\nMODEL=a\nCHAT_FALLBACK=openai\nOTHER=x\n")
    (project / ".env").write_text("MODEL=b\nFALLBACK_AFTER=5\n")
    assert of_desk(Project(project)) == {"BASE_URL": "", "MODEL": "b", "CHAT_FALLBACK": ""}
    given = {**of_desk(Project(project)), "OLLAMA_HOST": HERE}
    assert in_force(Project(project), given) == {"OLLAMA_HOST": HERE, "MODEL": "b", "FALLBACK_AFTER": "5"}


KEYS = {"API_KEY": "canary-of-openai", "AZURE_OPENAI_API_KEY": "canary-of-azure"}


def repeats(key: str) -> Script:
    """Return the script of a server that repeats a key in each of its refusals."""
    refused = Status(401, {"error": {"message": f"the key {key} is not known", "code": "401"}})
    paths = ("/v1", "/openai/v1", "/openai/deployments/my-gpt")
    return Script("", routes={f"{path}{end}": [refused] for path in paths for end in ENDS})


def inspected(running: LocalopsProcess) -> str:
    """Return all that the inspector shows."""
    url = f"{running.url}/_localops/api"
    with httpx.stream("GET", f"{url}/events", timeout=60) as answer:
        first = next(line for line in answer.iter_lines() if line.startswith("data: "))
    ids = [each["id"] for each in json.loads(first.removeprefix("data: "))["activations"]]
    pages = ["actions", "variables", "logs", *(f"activations/{each}" for each in ids)]
    assert len(ids) >= len(QUESTIONS)
    return "".join(
        [first, *(httpx.get(f"{url}/{page}", timeout=60).raise_for_status().text for page in pages)]
    )


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_no_key_is_shown_whatever_goes_wrong(tmp_path: Path, where: str):
    project = copy_of(ROOT, tmp_path / "project")
    if where == ".env":
        (project / ".env").write_text("".join(f"{name}={key}\n" for name, key in KEYS.items()))
    openai, azure = (ScriptedOllama(repeats(key)) for key in KEYS.values())
    with openai, azure:
        environment = {
            **({} if where == ".env" else KEYS),
            "BASE_URL": openai.url,
            "MODEL": "gpt-oss",
            "AZURE_OPENAI_ENDPOINT": azure.url,
            "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
            "CHAT_FALLBACK": "azure",
        }
        with LocalopsProcess(project=project, environment=environment) as running:
            for _ in KEYS:
                running.wait_for_line("warning: model: ")
            address = f"{running.url}/api/my/chat/stateless"
            answers = [httpx.post(address, json=asked, timeout=60).text for asked in QUESTIONS]
            shown = [*answers, inspected(running), *running.log]
    told = {each.headers.get("authorization") for each in openai.requests if each.path.startswith("/v1")}
    assert told == {f"Bearer {KEYS['API_KEY']}"}
    assert {each.headers["api-key"] for each in azure.requests} == {KEYS["AZURE_OPENAI_API_KEY"]}
    assert "refused the key" in answers[0]
    assert not [text for text in shown if "canary" in text]
