"""A deployment whose every byte a test decides.

It speaks the contract of OpenServerless towards the page (index, login, web actions, streamer, static
files with the single-page fallback) and can misbehave in ways that a real one does only now and then.
The page is served on `localhost`, the host and the streamer answer on `127.0.0.1`: other origins, as in
the cloud.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

WEB = Path(__file__).parents[2] / "web"
DEADLINE_S = 30.0
LOOK_EVERY_S = 0.005
GRACE_S = 5
FRESH = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Pause:
    """The server is quiet for so long: how fast it sends, not how long a test waits."""

    seconds: float


@dataclass(frozen=True)
class Gate:
    """The server is quiet until the test calls `Deployment.open(name)`, however long that takes."""

    name: str


@dataclass(frozen=True)
class Drop:
    """The connection breaks here."""


Step = bytes | Pause | Gate | Drop
Body = dict[str, Any]
Answer = dict[str, Any] | Response
Script = Callable[[Body], Sequence[Step]]


class Dropped(Exception):
    """Raised inside a response so that the server cuts the connection."""


@dataclass
class Call:
    """One request for an action. `left` is set when the client went away before the end."""

    action: str
    streamed: bool
    body: Body
    left: threading.Event = field(default_factory=threading.Event)


def message(**members: Any) -> bytes:
    """Return one object as an action sends it, with the newline that the relay puts after each read."""
    return json.dumps(members).encode() + b"\n"


def spoken(text: str, every_s: float = 0.0) -> list[Step]:
    """Return a reply, word by word."""
    words = text.split(" ")
    pieces = [word if at == len(words) - 1 else word + " " for at, word in enumerate(words)]
    steps: list[Step] = []
    for piece in pieces:
        steps.append(message(output=piece))
        if every_s:
            steps.append(Pause(every_s))
    return steps


@dataclass
class Deployment:
    """The deployment that the page finds. Tests change `index`, `asked` and `streamed` before they open it.

    `asked` answers web actions by name, `streamed` scripts what the streamer relays; both take the body
    of the request. `files` adds or replaces static files.
    """

    port: int = 0
    index: Body | Response | None = None
    asked: dict[str, Callable[[Body], Answer]] = field(default_factory=dict)
    streamed: dict[str, Script] = field(default_factory=dict)
    files: dict[str, Response] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    gates: set[str] = field(default_factory=set)
    closing: bool = False
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    @property
    def elsewhere(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def chat(
        self, name: str, url: str, steps: Callable[[Body], Sequence[Step]], greeting: str = "Ask me."
    ) -> None:
        """Put a streaming chat on the menu."""
        assert isinstance(self.index, dict)
        self.index["services"][0]["Chats"].append({"name": name, "url": url, "iframe": ""})
        self.asked[url] = lambda _: {"output": greeting, "streaming": True}
        self.streamed[url] = steps

    def open(self, name: str) -> None:
        """Let the server go on past `Gate(name)`."""
        self.gates.add(name)

    async def opened(self, name: str) -> None:
        """Return when the test, in its own thread, has opened the gate."""
        while not (self.closing or name in self.gates):  # noqa: ASYNC110 - no event spans loop and thread
            await asyncio.sleep(LOOK_EVERY_S)

    def wait_call(self, wanted: Callable[[Call], bool]) -> Call:
        """Return the first matching call, past or still to come."""
        with self._came:
            assert self._came.wait_for(lambda: any(wanted(call) for call in self.calls), DEADLINE_S), (
                self.calls
            )
            return next(call for call in self.calls if wanted(call))

    def said(self, action: str) -> list[Body]:
        """Return bodies that carried an input to the action, in order."""
        return [call.body for call in self.calls if call.action == action and "input" in call.body]

    def record(self, action: str, streamed: bool, body: Body) -> Call:
        call = Call(action, streamed, body)
        with self._came:
            self.calls.append(call)
            self._came.notify_all()
        return call

    async def steps(self, call: Call, steps: Sequence[Step]) -> AsyncIterator[bytes]:
        """Run a script, noticing when the client leaves."""
        done = False
        try:
            for step in steps:
                if self.closing:
                    return
                match step:
                    case bytes():
                        yield step
                    case Pause(seconds):
                        await asyncio.sleep(seconds)
                    case Gate(name):
                        await self.opened(name)
                    case Drop():
                        raise Dropped
            done = True
        finally:
            if not done:
                call.left.set()


async def members(request: Request) -> Body:
    """Return the arguments of a web action, from JSON or from a form."""
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    return json.loads(raw or b"{}")


def _app(deployment: Deployment) -> Starlette:
    async def index(_: Request) -> Response:
        answer = deployment.index
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    async def action(request: Request) -> Response:
        name = request.path_params["action"]
        body = await members(request)
        deployment.record(name, False, body)
        if name not in deployment.asked:
            return JSONResponse({"error": "The requested resource does not exist.", "code": "x"}, 404)
        answer = await asyncio.to_thread(deployment.asked[name], body)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    async def stream(request: Request) -> Response:
        name = request.path_params["action"]
        body = await members(request)
        call = deployment.record(name, True, body)
        if name not in deployment.streamed:
            return PlainTextResponse("not ok (404 Not Found)\n", 500)
        steps = deployment.steps(call, deployment.streamed[name](body))
        return StreamingResponse(steps, media_type="text/plain")

    async def static(request: Request) -> Response:
        path = request.path_params["path"] or "index.html"
        if path in deployment.files:
            return deployment.files[path]
        file = WEB / path
        return FileResponse(
            file if file.is_file() else WEB / "index.html", headers={"cache-control": "no-store"}
        )

    routes = [
        Route("/api/my/mastrogpt/index", index),
        Route("/api/my/{action:path}", action, methods=["GET", "POST"]),
        Route("/web/devel/{action:path}", stream, methods=["GET", "POST"]),
        Route("/{path:path}", static),
    ]
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"])
    return Starlette(routes=routes, middleware=[cors])


async def _served(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve, and leave no connection open behind: Python warns of each, in whichever test runs then."""
    await server.serve([listener])
    for connection in [*server.server_state.connections]:
        connection.transport.abort()
    await asyncio.sleep(LOOK_EVERY_S)


@contextmanager
def deployed() -> Iterator[Deployment]:
    """Serve a deployment until the block ends."""
    deployment = Deployment()
    config = uvicorn.Config(
        _app(deployment), log_level="critical", lifespan="off", timeout_graceful_shutdown=GRACE_S
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    deployment.port = listener.getsockname()[1]
    deployment.index = {
        "username": "devel",
        "host": deployment.elsewhere,
        "apihost": deployment.elsewhere,
        "streamer": deployment.elsewhere,
        "s3": deployment.elsewhere,
        "services": [{"Chats": []}],
    }
    thread = threading.Thread(target=lambda: asyncio.run(_served(server, listener)))
    thread.start()
    try:
        yield deployment
    finally:
        deployment.closing = True
        server.should_exit = True
        thread.join(DEADLINE_S)
        listener.close()
        assert not thread.is_alive()
