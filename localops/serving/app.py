"""Puts the public surfaces together into one web application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from localops.access.credentials import Credentials
from localops.access.masking import secrets_in
from localops.deployment.from_disk import Deployment
from localops.openwhisk.namespace import USER
from localops.routes.inspector import Inspector
from localops.routes.login import Login
from localops.routes.rest.router import RestApi
from localops.routes.site import Site
from localops.routes.stream import Streamer
from localops.routes.uploaded_site import UploadedSite
from localops.routes.web import LONGEST_WAIT_S, WebActions
from localops.runtime.debugging import NO_LIMITS
from localops.runtime.runner import Runner
from localops.s3.api import S3
from localops.s3.signature import is_signed
from localops.s3.storage import Storage
from localops.serving.guard import Guard
from localops.serving.hosts import S3_HOST, STREAM_HOST, VirtualHosts, own_names
from localops.streaming.session import Streams
from localops.streaming.warnings import StreamWarnings

INSPECTOR_PAGE = Path(__file__).parents[1] / "inspector" / "page"
STREAMER_TEXT = "Streamer proxy running"


def make_app(
    deployment: Deployment,
    page: Path,
    storage: Storage,
    credentials: Credentials,
    login: Mapping[str, str],
    listening_on: str,
    password: str | None,
    reframe: bool,
) -> ASGIApp:
    """The application that `up` serves.

    Args:
        page: the folder of the static site.
        storage: what S3 holds.
        login: what a login gives.
        listening_on: decides which names are this machine's.
        password: what everybody needs; None where only this machine reaches the server.
        reframe: stream one JSON object a line instead of production's frames.
    """
    registry, runner = deployment.registry, deployment.runner
    names = own_names(listening_on)
    api = [
        *Login(credentials.user, password or credentials.password, login).routes(),
        *WebActions(registry, runner, credentials.auth, longest_wait_s(runner)).routes(),
        *RestApi(registry, runner, deployment.redeployment, credentials.auth).routes(),
    ]
    sessions = Streams(runner, StreamWarnings())
    streams = Streamer(registry, sessions, reframe).routes()
    site = Site(page)
    inspector = [
        *Inspector(deployment, sessions, secrets_of(credentials, password)).routes(),
        Route("/_localops", RedirectResponse("/_localops/")),
        Mount("/_localops", Site(INSPECTOR_PAGE)),
    ]
    services = {
        "": Starlette(routes=[*streams, *api, *inspector, Mount("/", site)]),
        USER: Starlette(routes=[*api, Mount("/", UploadedSite(storage, f"{USER}-web", site))]),
        STREAM_HOST: Starlette(routes=[Route("/", PlainTextResponse(STREAMER_TEXT)), *streams]),
        S3_HOST: S3(storage, {credentials.user: credentials.s3_secret_key}),
    }
    hosts = VirtualHosts(services, names, is_signed)
    return Guard(hosts, names, password, runner.api_key, is_signed)


def longest_wait_s(runner: Runner) -> float:
    """For how long a web action's caller waits; while a person looks at a breakpoint, without an end."""
    return NO_LIMITS.timeout_ms / 1000 if runner.debugging else LONGEST_WAIT_S


def secrets_of(credentials: Credentials, password: str | None) -> Iterator[str]:
    """What nobody is shown of what proves who one is."""
    own = [value for name, value in asdict(credentials).items() if name != "user"]
    return secrets_in({"secrets": [*own, password]})
