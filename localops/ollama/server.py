"""The application: every route of Ollama that is here, and a clear refusal for those that are not."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from localops.ollama import PROTOCOL_VERSION
from localops.ollama.answering import Answering
from localops.ollama.catalog import Catalog
from localops.ollama.embed_api import Embed, OldEmbeddings, OpenAIEmbeddings
from localops.ollama.engine import Engine
from localops.ollama.errors import RequestFailure
from localops.ollama.guard import guarded
from localops.ollama.models_api import ModelsApi
from localops.ollama.native_api import Chat, Generate
from localops.ollama.openai_api import ChatCompletions, Completions, OpenAIModels
from localops.ollama.openai_events import failure_body
from localops.ollama.residency import Residency
from localops.ollama.responses_api import Responses
from localops.ollama.settings import Settings
from localops.ollama.turns import Turns
from localops.ollama.wire import JSONAnswer

# What Ollama does and this server does not, with what to do instead.
NOT_HERE = {
    ("POST", "/api/pull"): "this server pulls no models; start it with --model FILE.gguf, or use an Ollama",
    ("POST", "/api/push"): "this server does not push models",
    (
        "POST",
        "/api/create",
    ): "this server does not create models; start it with --model FILE.gguf",
    ("POST", "/api/copy"): "this server does not copy models",
    ("DELETE", "/api/delete"): "this server does not delete models",
    ("HEAD", "/api/blobs/{digest}"): "this server keeps no blobs",
    ("POST", "/api/blobs/{digest}"): "this server keeps no blobs",
    ("POST", "/v1/messages"): "this server has no messages API; use /v1/chat/completions",
    ("POST", "/v1/audio/transcriptions"): "this server does not transcribe audio",
}


def create_app(
    engine: Engine,
    catalog: Catalog,
    *,
    version: str = PROTOCOL_VERSION,
    settings: Settings | None = None,
) -> ASGIApp:
    """Make the application.

    Args:
        catalog: the names it answers for; its models are the engine's.
        version: what /api/version says.
    """
    settings = settings or Settings()
    residency = Residency(engine, settings.max_loaded)
    answering = Answering(engine, Turns(engine.parallel, settings.max_waiting), residency)
    models = ModelsApi(catalog, residency, version)
    openai_models = OpenAIModels(catalog)
    routes = [
        Route("/", models.root),
        Route("/api/version", models.version),
        Route("/api/tags", models.tags),
        Route("/api/ps", models.running),
        Route("/api/show", models.show, methods=["POST"]),
        Route("/api/generate", Generate(answering, catalog), methods=["POST"]),
        Route("/api/chat", Chat(answering, catalog), methods=["POST"]),
        Route("/api/embed", Embed(answering, catalog), methods=["POST"]),
        Route("/api/embeddings", OldEmbeddings(answering, catalog), methods=["POST"]),
        Route("/v1/models", openai_models.list),
        Route("/v1/models/{name:path}", openai_models.one),
        Route("/v1/chat/completions", ChatCompletions(answering, catalog), methods=["POST"]),
        Route("/v1/completions", Completions(answering, catalog), methods=["POST"]),
        Route("/v1/responses", Responses(answering, catalog), methods=["POST"]),
        Route("/v1/embeddings", OpenAIEmbeddings(answering, catalog), methods=["POST"]),
        *(Route(path, _not_here, methods=[method]) for method, path in NOT_HERE),
    ]
    return guarded(Starlette(routes=routes, exception_handlers=_HANDLERS), settings.origins)


async def _not_here(request: Request) -> Response:
    path = request.scope["path"].replace(request.path_params.get("digest", "\0"), "{digest}")
    raise RequestFailure(NOT_HERE[request.method, path], status=501)


async def _failure(request: Request, error: Exception) -> Response:
    failure = cast("RequestFailure", error)  # Starlette's handlers are typed for any exception
    body = failure_body(failure) if request.url.path.startswith("/v1/") else {"error": failure.message}
    return JSONAnswer(body, status_code=failure.status)


async def _plain_refusal(_: Request, error: Exception) -> Response:
    """Answer unknown paths and wrong methods in text, as gin does."""
    refusal = cast("HTTPException", error)
    status = refusal.status_code
    phrase = "page not found" if status == 404 else HTTPStatus(status).phrase.lower()
    return PlainTextResponse(f"{status} {phrase}", status_code=status, headers=refusal.headers)


async def _client_left(_: Request, error: Exception) -> Response:
    del error
    return Response(status_code=499)  # nobody reads it; the number is Ollama's


_HANDLERS = {RequestFailure: _failure, HTTPException: _plain_refusal, ClientDisconnect: _client_left}
