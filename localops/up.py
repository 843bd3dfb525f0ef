"""`localops up`: starts everything, says `ready`, and ends everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import webbrowser
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from localops import bootstrap, console
from localops.access.credentials import FILE_NAME as CREDENTIALS_FILE
from localops.access.credentials import Credentials, read_or_make
from localops.access.login_answer import login_answer
from localops.access.masking import secrets_in
from localops.deployment.from_disk import Deployment
from localops.deployment.over_rest import restored
from localops.errors import StartError
from localops.model_host.choice import Choice, choose
from localops.model_host.files import ModelFiles
from localops.model_host.host import ModelHost
from localops.openwhisk.namespace import USER
from localops.project import watcher
from localops.project.folder import Project
from localops.project.variables import layers, layers_of_desk
from localops.redis import host as redis_host
from localops.redis.host import RedisHost
from localops.redis.process import RedisProcess
from localops.redis.server import RedisServer
from localops.runtime import debugging
from localops.runtime.activations import Activations
from localops.runtime.requirements import Requirements
from localops.runtime.runner import Runner
from localops.s3.storage import Storage
from localops.serving import guard, hosts, open_files
from localops.serving.app import Access, make_app
from localops.serving.listening import Listening
from localops.serving.server import serve

# Has work go on in the background until `up` ends.
Start = Callable[[Coroutine[Any, Any, None]], None]

log = logging.getLogger("localops.up")


@dataclass(frozen=True)
class Options:
    """The command line of `up`."""

    project: Path
    host: str
    port: int
    open_browser: bool
    reframe: bool = False
    models: ModelFiles | None = None
    debug: debugging.Debugging | None = None


async def up(options: Options) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        StartError: it cannot start, or what it was told to run turns out to be broken.
    """
    try:
        await run(options)
    except BaseExceptionGroup as group:
        found = group.subgroup(StartError)
        if found is None:
            raise
        raise next(each for each in found.exceptions if isinstance(each, StartError)) from group


async def run(options: Options) -> None:
    open_files.allow_many()
    project = opened_project(options.project)
    storage = contextlib.closing(Storage(project.private / "s3"))
    with Listening(options.host, options.port) as listening, storage as objects:
        url = f"http://{hosts.shown_name(options.host)}:{listening.port}"
        credentials, made = read_or_make(project.private)
        registry = restored(project)
        password = guard.password_for(options.host, layers_of_desk(project).get(guard.PASSWORD_VARIABLE))
        runner = make_runner(project, url, credentials, options.debug)
        async with beside(runner) as start:
            model, redis = choose(project, options.models), redis_for(project, credentials, start)
            login = {**login_answer(credentials, url, layers(project, {})), **redis.variables}
            console.hide(secrets_of(project, credentials, login))
            deployment = Deployment(project, login_variables(login, url, model.host), registry, runner)
            deployment.refresh()
            keep_running(model, deployment, start)
            services = [model.host.line, redis.line, *debugging.lines(options.debug)]
            announce(services, credentials if made else None, url)
            model.tell()
            start(watcher.watch(project, deployment.refresh))
            access = Access(credentials, login, options.host, password)
            app = make_app(deployment, site_folder(project), objects, access, options.reframe)
            if options.open_browser and can_open_browser():
                open_in_browser(url)
            await serve(app, listening.sockets, url)


@contextlib.asynccontextmanager
async def beside(runner: Runner) -> AsyncGenerator[Start]:
    """Let work go on beside the server; with the block all of it ends, and every action's process."""
    async with asyncio.TaskGroup() as tasks:
        background: list[asyncio.Task[None]] = []

        def start(work: Coroutine[Any, Any, None]) -> None:
            background.append(tasks.create_task(work))

        start(runner.look_after())
        try:
            yield start
        finally:
            for task in background:
                task.cancel()
            await runner.close()


def make_runner(
    project: Project, url: str, credentials: Credentials, debug: debugging.Debugging | None
) -> Runner:
    requirements = Requirements(project.private / "requirements")
    return Runner(Activations(), url, credentials.auth, requirements, debug)


def keep_running(model: Choice, deployment: Deployment, start: Start) -> None:
    """Run the model server, where it is ours; when another engine has to stand in, tell the actions."""
    own = model.own
    if own is None:
        return

    def changed() -> None:
        deployment.login = {**deployment.login, **own.host().variables}
        deployment.refresh()

    own.when_changed = changed
    start(own.run())


def opened_project(folder: Path) -> Project:
    """The project in a folder, with its private folder made."""
    project = Project(folder.resolve())
    project.check()
    project.make_private()
    return project


def redis_for(project: Project, credentials: Credentials, start: Start) -> RedisHost:
    """The Redis that the person named, else a new one.

    Raises:
        StartError: what they named is no URL.
    """
    host = redis_host.chosen_by_person(layers_of_desk(project))
    if host is None:
        folder = project.private / "redis"
        own = RedisServer(RedisProcess(folder, credentials.user, credentials.redis_password))
        start(own.run())
        host = redis_host.own(own)
    return host


def login_variables(login: Mapping[str, str], url: str, host: ModelHost) -> dict[str, str]:
    """What a login to a cluster would put into the configuration; it beats every `.env` file.

    All but AUTH: in a cluster the OpenWhisk key so hides the AUTH of a project's `.env`, which is meant for
    the model server, and goes to that server.
    """
    return {
        **{name: value for name, value in login.items() if name != "AUTH"},
        "OPSDEV_USERNAME": USER,
        "OPSDEV_APIHOST": url,
        "OPSDEV_HOST": url,
        "OPSDEV_STREAM": url,
        "OPSDEV_S3": url,
        **host.variables,
    }


def secrets_of(project: Project, credentials: Credentials, login: Mapping[str, str]) -> Iterator[str]:
    """What the console must not show: what opens this server, and what the project calls a secret."""
    yield from secrets_in(asdict(credentials))
    yield from secrets_in({name: each.value for name, each in layers(project, login).items()})


def announce(services: Sequence[str], made: Credentials | None, url: str) -> None:
    """Say which services answer, and once, when the credentials are made, how to log in."""
    for line in services:
        log.info(line)
    if made:
        where = f"the password is in .localops/{CREDENTIALS_FILE}"
        log.info("to deploy with the ops tools: ops ide login %s %s (%s)", made.user, url, where)


def open_in_browser(url: str) -> None:
    """Show the page, without waiting for the browser."""
    asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


def site_folder(project: Project) -> Path:
    """The project's own page, or this product's where it has none."""
    own = project.folder / "web"
    return own if (own / "index.html").is_file() else bootstrap.ROOT / "web"


def can_open_browser() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
