"""Puts the public surfaces together into one web application."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from localops import bootstrap
from localops.access.attempts import Attempts
from localops.access.credentials import Credentials
from localops.access.masking import secrets_in
from localops.deployment.from_disk import Deployment
from localops.openwhisk.namespace import USER
from localops.routes.inspector import Inspector
from localops.routes.login import Login
from localops.routes.rest.router import RestApi
from localops.routes.site import Site, page_elsewhere
from localops.routes.stream import Streamer
from localops.routes.uploaded_site import UploadedSite
from localops.routes.web import MAX_WAIT_S, WebActions
from localops.runtime.debugging import NO_LIMITS
from localops.runtime.runner import Runner
from localops.s3.api import S3
from localops.s3.signature import claims_signature, is_verified
from localops.s3.storage import Storage
from localops.serving.guard import Guard, Signatures
from localops.serving.hosts import S3_HOST, STREAM_HOST, VirtualHosts, own_names
from localops.streaming.session import Streams
from localops.streaming.warnings import StreamWarnings

_OWN_PAGE = bootstrap.ROOT / "web"
_INSPECTOR_PAGE = Path(__file__).parents[1] / "inspector" / "page"

log = logging.getLogger("localops.serving")


@dataclass(frozen=True)
class Access:
    """The rules of access: who may do what, and from where.

    Attributes:
        login: what a login gives.
        listening_on: decides which names are this machine's.
        password: what everybody needs; None where only this machine reaches the server.
    """

    credentials: Credentials
    login: Mapping[str, str]
    listening_on: str
    password: str | None


def make_app(deployment: Deployment, page: Path, storage: Storage, access: Access, reframe: bool) -> ASGIApp:
    """Return the application that `up` serves.

    Args:
        page: the folder of the static site.
        storage: what S3 holds.
        reframe: stream one JSON object a line instead of production's frames.
    """
    registry, runner = deployment.registry, deployment.runner
    credentials, password = access.credentials, access.password
    names = own_names(access.listening_on)
    attempts = Attempts()
    api = [
        *Login(credentials.user, password or credentials.password, access.login, attempts).routes(),
        *WebActions(registry, runner, credentials.auth, places(deployment), longest_wait_s(runner)).routes(),
        *RestApi(registry, runner, deployment.redeployment, credentials.auth).routes(),
    ]
    sessions = Streams(runner, StreamWarnings())
    streamer = Streamer(registry, sessions, reframe)
    project_page = Site(page)
    site = Site(_OWN_PAGE) if _is_of_no_use_here(page) else project_page
    inspector = [
        *Inspector(deployment, sessions, _secrets_of(credentials, password)).routes(),
        Route("/_localops", RedirectResponse("/_localops/")),
        Mount("/_localops", Site(_INSPECTOR_PAGE)),
    ]
    s3_keys = {credentials.user: credentials.s3_secret_key}
    services = {
        "": Starlette(routes=[*streamer.routes(), *api, *inspector, Mount("/", site)]),
        USER: Starlette(routes=[*api, Mount("/", UploadedSite(storage, f"{USER}-web", project_page))]),
        STREAM_HOST: Starlette(routes=streamer.host_routes()),
        S3_HOST: S3(storage, s3_keys),
    }
    hosts = VirtualHosts(services, names, S3(storage, s3_keys, host_of_its_own=False), claims_signature)
    signatures = Signatures(claims_signature, lambda scope: is_verified(scope, s3_keys))
    return Guard(hosts, names, password, runner.api_key, signatures, attempts)


def _is_of_no_use_here(page: Path) -> bool:
    """Return whether a page only shows one on the internet, which knows nothing of this machine; says so."""
    elsewhere = page_elsewhere(page)
    if elsewhere is None:
        return False
    log.info(
        "the page of this project only shows %s, which cannot reach this machine: "
        "localops shows its own, and that of the project as %s.localhost",
        elsewhere,
        USER,
    )
    return True


def places(deployment: Deployment) -> dict[str, str]:
    """Return where a page finds what, and what it tells people, as `mastrogpt/index` names it."""
    url, notice = deployment.runner.api_host, deployment.settings.login.get("CHAT_NOTICE", "")
    found = {name: url for name in ("host", "apihost", "streamer", "s3")}
    return {**found, "notice": notice} if notice else found


def longest_wait_s(runner: Runner) -> float:
    """Return how long a web action's caller waits; forever while a person looks at a breakpoint."""
    return NO_LIMITS.timeout_ms / 1000 if runner.debugging else MAX_WAIT_S


def _secrets_of(credentials: Credentials, password: str | None) -> Iterator[str]:
    """Yield what nobody is shown of what proves who one is."""
    own = [value for name, value in asdict(credentials).items() if name != "user"]
    return secrets_in({"secrets": [*own, password]})
