"""What models there are: /api/tags, /api/ps, /api/show, /api/version.

Source: ollama api/types.go:737-755 and 822-844, server/routes.go:1300-1600 and 2271.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from localops.ollama.catalog import Catalog
from localops.ollama.errors import BadRequest
from localops.ollama.gguf_header import read_header
from localops.ollama.godecode import decode
from localops.ollama.model import Model
from localops.ollama.residency import Residency
from localops.ollama.wire import JSONAnswer, timestamp


class ModelsApi:
    """The routes that tell about models."""

    def __init__(self, catalog: Catalog, residency: Residency, version: str) -> None:
        self._catalog = catalog
        self._residency = residency
        self._version = version

    async def root(self, _: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    async def version(self, _: Request) -> Response:
        return JSONAnswer({"version": self._version})

    async def tags(self, _: Request) -> Response:
        """List what is on disk, most recently modified first."""
        return JSONAnswer({"models": [_listed(model) for model in self._catalog.newest_first()]})

    async def running(self, _: Request) -> Response:
        """List what is loaded, longest remaining life first."""
        rows = [_running(*row) for row in self._residency.loaded()]
        return JSONAnswer({"models": rows})

    async def show(self, request: Request) -> Response:
        """Tell all about one model.

        Raises:
            RequestFailure: no name, or no such model.
        """
        fields = decode(await request.body(), "ShowRequest")
        name = fields.text("model") or fields.text("name")
        if not name:
            raise BadRequest("model is required")
        model = self._catalog.find(name)
        info = dict(model.info)
        if fields.flag("verbose") and model.file is not None:
            info |= read_header(model.file, long_arrays=True).info
        return JSONAnswer(_shown(model, info))


def _listed(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": timestamp(model.modified_ns),
        "size": model.size_bytes,
        "digest": model.digest,
        "details": model.details(),
        "capabilities": list(model.capabilities),
    }


def _running(model: Model, context_length: int, expires_ns: int) -> dict[str, Any]:
    return {
        "name": model.name,
        "model": model.name,
        "size": model.size_bytes,
        "digest": model.digest,
        "details": model.details(),
        "expires_at": timestamp(expires_ns),
        "size_vram": 0,
        "context_length": context_length,
    }


def _shown(model: Model, info: dict[str, Any]) -> dict[str, Any]:
    tensors = [{"name": name, "type": kind, "shape": shape} for name, kind, shape in model.tensors]
    shown = {
        "license": model.license,
        "modelfile": f'# Modelfile of {model.name}\nFROM {model.name}\nTEMPLATE """{model.template}"""\n',
        "template": model.template,
        "details": model.details(),
        "tensors": tensors,
    }
    return {
        **{name: value for name, value in shown.items() if value},
        "model_info": info,  # an object even when it is empty: clients break on less
        "capabilities": list(model.capabilities),
        "modified_at": timestamp(model.modified_ns),
    }
