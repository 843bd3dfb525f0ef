"""What actions are given is decided in one place; a look at the project changes none of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from localops.deployment.from_disk import Deployment
from localops.deployment.registry import Registry
from localops.deployment.settings import Settings, login_variables
from localops.project.folder import Project
from localops.runtime.activations import Activations
from localops.runtime.requirements import Requirements
from localops.runtime.runner import Runner

TAKES_HTTPS = "#--param OLLAMA_HOST $OLLAMA_HOST\n#--param AUTH $AUTH\ndef main(args): return {}\n"
LOGIN = {"OLLAMA_HOST": "127.0.0.1:9", "OLLAMA_PROTO": "http", "AUTH": "a:b"}


def deployment_of(folder: Path, login: dict[str, str]) -> Deployment:
    (folder / ".localops").mkdir()
    (folder / "packages" / "chat").mkdir(parents=True)
    (folder / "packages" / "chat" / "old.py").write_text(TAKES_HTTPS)
    project = Project(folder)
    settings = Settings(project, lambda: login)
    requirements = Requirements(folder / "requirements")
    variables = settings.process_variables
    runner = Runner(Activations(), "http://h", "a:b", requirements, process_variables=variables)
    return Deployment(project, settings, Registry(), runner)


def model_of(deployment: Deployment) -> str:
    return deployment.registry.actions["chat/old"].parameters["OLLAMA_HOST"]


def files_in(folder: Path) -> list[str]:
    return sorted(map(str, folder.rglob("*")))


def test_a_look_changes_nothing_and_a_refresh_offers_https_where_an_action_asks_for_it(tmp_path: Path):
    async def check() -> None:
        deployment = deployment_of(tmp_path, LOGIN)
        settings, before = deployment.settings, files_in(tmp_path)
        looks = [deployment.look() for _ in range(2)]
        assert looks[0] == looks[1]
        assert looks[0].takes_https_for_granted
        assert list(looks[0].actions) == ["chat/old"]
        assert not len(deployment.registry.actions)
        assert (settings.process_variables(), settings.values_over_https()) == ({}, {})
        assert files_in(tmp_path) == before

        deployment.refresh()
        given = deployment.registry.actions["chat/old"].parameters
        assert given == settings.values_over_https()
        assert given["OLLAMA_HOST"] != LOGIN["OLLAMA_HOST"]
        assert settings.process_variables()["SSL_CERT_FILE"] in files_in(tmp_path)
        await deployment.runner.close()

    asyncio.run(check())


def test_what_a_login_gives_now_reaches_the_actions_at_the_next_refresh(tmp_path: Path):
    login = {"OLLAMA_HOST": "https://one.example", "AUTH": "x"}

    async def check() -> None:
        deployment = deployment_of(tmp_path, login)
        deployment.refresh()
        login["OLLAMA_HOST"] = "https://two.example"
        assert model_of(deployment) == "https://one.example"
        deployment.refresh()
        assert model_of(deployment) == "https://two.example"
        await deployment.runner.close()

    asyncio.run(check())


def test_the_key_of_the_rest_api_is_not_what_actions_send_to_their_model_server():
    found = login_variables({"AUTH": "key", "S3_HOST": "s3"}, "http://h", {"OLLAMA_HOST": "model"})
    assert "AUTH" not in found
    assert (found["S3_HOST"], found["OLLAMA_HOST"], found["OPSDEV_HOST"]) == ("s3", "model", "http://h")
