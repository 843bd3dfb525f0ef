"""Puts the public surfaces together into one web application."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount

from localops.registry import Registry
from localops.routes.rest import RestApi
from localops.routes.site import Site
from localops.routes.stream import Streamer
from localops.routes.web import WebActions
from localops.runner import Runner

# Names that only this machine has: a foreign page cannot make a browser send them for its own server.
LOCAL_HOSTS = ["localhost", "*.localhost", "127.0.0.1"]


def make_app(registry: Registry, runner: Runner, web: Path, local_only: bool) -> Starlette:
    """The application that `up` serves.

    Args:
        web: the folder of the static site.
        local_only: refuse requests that name another host than this machine.
    """
    return Starlette(
        routes=[
            *WebActions(registry, runner).routes(),
            *Streamer(registry, runner).routes(),
            *RestApi(registry, runner.api_key).routes(),
            Mount("/", Site(web)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_HOSTS)] if local_only else [],
    )
