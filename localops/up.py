"""`localops up`: starts everything, says `ready`, and ends everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from localops import bootstrap, console
from localops.access import published_password
from localops.access.credentials import FILE_NAME as CREDENTIALS_FILE
from localops.access.credentials import Credentials, read_or_make
from localops.access.login_answer import login_answer
from localops.access.masking import secrets_in
from localops.background import Background, background
from localops.deployment.from_disk import Deployment
from localops.deployment.over_rest import restored
from localops.deployment.settings import Settings, login_variables
from localops.errors import StartError
from localops.model_host.choice import Choice, choose
from localops.model_host.files import ModelFiles
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

_log = logging.getLogger("localops.up")


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


@dataclass(frozen=True)
class _Desk:
    """The parts of one run, made and not yet started.

    Attributes:
        made: whether the credentials are new.
        redis: the Redis that actions get.
        own_redis: the one that is to be run here, where the person named none.
        login: what a login gives.
    """

    project: Project
    url: str
    credentials: Credentials
    made: bool
    model: Choice
    redis: RedisHost
    own_redis: RedisServer | None
    login: Mapping[str, str]
    deployment: Deployment


async def up(options: Options) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        StartError: it cannot start, or what it was told to run turns out to be broken.
    """
    try:
        await _run(options)
    except BaseExceptionGroup as group:
        found = group.subgroup(StartError)
        if found is None:
            raise
        raise next(each for each in found.exceptions if isinstance(each, StartError)) from group


async def _run(options: Options) -> None:
    open_files.allow_many()
    project = _opened_project(options.project)
    storage = contextlib.closing(Storage(project.private / "s3"))
    with Listening(options.host, options.port) as listening, storage as objects:
        password = guard.password_for(options.host, layers_of_desk(project).get(guard.PASSWORD_VARIABLE))
        if password is not None:
            published_password.refuse(project.folder, options.host)
        desk = _composed(options, project, f"http://{hosts.shown_name(options.host)}:{listening.port}")
        console.hide(_secrets_of(desk))
        async with background() as work:
            try:
                desk.deployment.refresh()
                _start(desk, work)
                _announce(desk, options.debug)
                access = Access(desk.credentials, desk.login, options.host, password)
                app = make_app(desk.deployment, _site_folder(project), objects, access, options.reframe)
                if options.open_browser and _can_open_browser():
                    _open_in_browser(desk.url)
                await serve(app, listening.sockets, desk.url)
            finally:
                work.cancel()
                await desk.deployment.runner.close()


def _composed(options: Options, project: Project, url: str) -> _Desk:
    """Make the parts of a run and give each what it needs of the others."""
    credentials, made = read_or_make(project.private)
    registry = restored(project)
    redis, own_redis = _redis_for(project, credentials)
    model = choose(project, options.models)
    login = {**login_answer(credentials, url, layers(project, {})), **redis.variables, **model.login}
    settings = Settings(project, lambda: login_variables(login, url, model.variables()))
    requirements = Requirements(project.private / "requirements")
    runner = Runner(
        Activations(), url, credentials.auth, requirements, options.debug, settings.process_variables
    )
    deployment = Deployment(project, settings, registry, runner)
    return _Desk(project, url, credentials, made, model, redis, own_redis, login, deployment)


def _start(desk: _Desk, work: Background) -> None:
    """Let everything go on that goes on beside the server."""
    work.start("looking after the processes of actions", desk.deployment.runner.look_after())
    work.start("following the project's files", watcher.watch(desk.project, desk.deployment.refresh))
    if desk.own_redis:
        work.start("Redis", desk.own_redis.run())
    if own := desk.model.own:
        # When another engine has to stand in, the actions are told.
        own.when_changed = desk.deployment.refresh
        work.start("the model server", own.run())
    desk.model.foundry.when_changed = desk.deployment.refresh
    work.start("looking after model servers", desk.model.look_after())


def _opened_project(folder: Path) -> Project:
    """Return the project in a folder, with its private folder made."""
    project = Project(folder.resolve())
    project.check()
    project.make_private()
    return project


def _redis_for(project: Project, credentials: Credentials) -> tuple[RedisHost, RedisServer | None]:
    """Return the Redis that the person named, else a new one, which is to be run.

    Raises:
        StartError: what they named is not a URL.
    """
    if host := redis_host.chosen_by_person(layers_of_desk(project)):
        return host, None
    process = RedisProcess(project.private / "redis", credentials.user, credentials.redis_password)
    own = RedisServer(process)
    return redis_host.own(own), own


def _secrets_of(desk: _Desk) -> Iterator[str]:
    """Yield what the console must not show: what opens this server, and what the project calls a secret."""
    yield from secrets_in(asdict(desk.credentials))
    yield from secrets_in({name: each.value for name, each in layers(desk.project, desk.login).items()})


def _announce(desk: _Desk, debug: debugging.Debugging | None) -> None:
    """Log which services answer, and once, when the credentials are made, how to log in."""
    services: Sequence[str] = [desk.model.host.line, desk.redis.line, *debugging.lines(debug)]
    for line in services:
        _log.info("%s", line)
    if desk.made:
        where = f"the password is in .localops/{CREDENTIALS_FILE}"
        _log.info(
            "to deploy with the ops tools: ops ide login %s %s (%s)", desk.credentials.user, desk.url, where
        )


def _open_in_browser(url: str) -> None:
    """Show the page, without waiting for the browser."""
    asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


def _site_folder(project: Project) -> Path:
    """Return the project's own page, or this product's where it has none."""
    own = project.folder / "web"
    return own if (own / "index.html").is_file() else bootstrap.ROOT / "web"


def _can_open_browser() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
