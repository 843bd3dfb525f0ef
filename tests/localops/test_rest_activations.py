"""How many activations are remembered, what of their logs, and what who waits long gets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from localops.deployment.from_disk import Deployment
from localops.deployment.registry import Registry
from localops.deployment.settings import Settings
from localops.openwhisk.entities import Action, Activation, Code, Limits, LogLine
from localops.project.folder import Project
from localops.routes.web import WebActions
from localops.runtime.activations import MAX_KEPT, MAX_KEPT_BYTES, Activations
from localops.runtime.requirements import Requirements
from localops.runtime.runner import Runner

ACTION = Action("p", "a", "python:3", Code(Path("a.py")), limits=Limits(logs_mb=1))


def ended(activations: Activations, text: str = "") -> Activation:
    activation = Activation(ACTION, {"text": text})
    activations.begin(activation)
    activation.finish("success", {"text": text})
    activations.end(activation)
    return activation


def test_only_the_latest_activations_are_remembered():
    activations = Activations()
    all_of_them = [ended(activations) for _ in range(MAX_KEPT + 5)]
    assert list(activations.ended) == [each.id for each in all_of_them[5:]]


def test_large_activations_are_remembered_for_less_long():
    activations = Activations()
    text = "x" * (MAX_KEPT_BYTES // 8)
    all_of_them = [ended(activations, text) for _ in range(6)]
    assert list(activations.ended) == [each.id for each in all_of_them[3:]]
    assert activations.kept_bytes < MAX_KEPT_BYTES


def test_the_last_activation_is_remembered_however_large_it_is():
    activations = Activations()
    last = [ended(activations, "x" * MAX_KEPT_BYTES) for _ in range(2)][1]
    assert list(activations.ended) == [last.id]


def test_what_is_running_is_never_forgotten_and_not_yet_to_be_found():
    activations = Activations()
    running = Activation(ACTION)
    activations.begin(running)
    for _ in range(MAX_KEPT + 5):
        ended(activations)
    assert running.id not in activations.ended
    assert running in list(activations.recent)
    running.finish("success", {})
    activations.end(running)
    assert activations.ended[running.id] is running
    assert not activations.running


def test_logs_beyond_the_limit_are_cut_with_a_last_line_that_says_so():
    activations = Activations()
    activation = Activation(ACTION)
    activations.begin(activation)
    for _ in range(3000):
        activations.add_line(activation, LogLine(0.0, "stdout", "x" * 1000))
    assert sum(len(line.as_whisk()) for line in activation.logs) < 1024 * 1024 + 200
    text = "Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes."
    assert activation.logs[-1].text == text
    assert activation.logs[-2].text == "x" * 1000


@asynccontextmanager
async def web_actions(folder: Path, longest_wait_s: float) -> AsyncIterator[tuple[httpx.AsyncClient, Runner]]:
    """Provide the web actions of a project, with less patience than OpenWhisk's 60 seconds."""
    registry = Registry()
    runner = Runner(Activations(), "http://localhost", "user:key", Requirements(folder / "requirements"))
    Deployment(Project(folder), Settings(Project(folder), dict), registry, runner).refresh()
    app = Starlette(routes=WebActions(registry, runner, "user:key", {}, longest_wait_s).routes())
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            yield client, runner
    finally:
        await runner.close()


def test_who_waits_too_long_gets_the_id_and_the_action_goes_on(tmp_path: Path):
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    source = (
        "#--web true\nimport os, time\ndef main(args):\n"
        "    while not os.path.exists(args['gate']):\n        time.sleep(0.02)\n    return {'body': 'late'}\n"
    )
    gate = tmp_path / "gate"
    (tmp_path / "packages" / "demo" / "slow.py").write_text(source)

    async def check() -> None:
        async with web_actions(tmp_path, longest_wait_s=0.1) as (client, runner):
            answer = await client.post("/api/my/demo/slow", json={"gate": str(gate)})
            assert answer.status_code == 202
            assert answer.json()["error"] == "Response not yet ready."
            assert re.fullmatch("[0-9a-f]{32}", answer.json()["code"])
            assert answer.headers["access-control-allow-origin"] == "*"
            activation_id = answer.headers["x-openwhisk-activation-id"]
            assert activation_id in runner.activations.running
            gate.touch()
            await asyncio.gather(*runner.tasks)
            assert runner.activations.ended[activation_id].result == {"body": "late"}

    asyncio.run(check())


@pytest.mark.parametrize("text", ["", "x" * 1000])
def test_the_size_of_a_result_is_that_of_its_json(text: str):
    activation = ended(Activations(), text)
    assert activation.result_bytes == len('{"text": ""}') + len(text)
