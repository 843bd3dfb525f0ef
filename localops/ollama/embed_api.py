"""POST /api/embed, its older form /api/embeddings, and OpenAI's /v1/embeddings.

Source: ollama api/types.go:621-629, server/routes.go:795 and on, openai/openai.go (embeddings).
"""

from __future__ import annotations

import base64
import math
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localops.ollama import keep_alive
from localops.ollama.answering import Answering, until_disconnect
from localops.ollama.catalog import Catalog
from localops.ollama.engine import Embedded
from localops.ollama.errors import BadRequest, ModelNotFound, PromptTooLong, RequestFailure
from localops.ollama.godecode import Fields, decode
from localops.ollama.model import Model
from localops.ollama.options import Options
from localops.ollama.wire import JSONAnswer


@dataclass(frozen=True)
class _EmbedRequest:
    """The texts that are to become vectors.

    Attributes:
        answer_name: what the answer's `model` says.
        truncate: cut texts that are too long; otherwise they are refused.
        dimensions: numbers of a vector to keep; 0 keeps all.
    """

    model: Model
    answer_name: str
    texts: Sequence[str]
    keep_alive_s: float
    num_ctx: int | None = None
    truncate: bool = True
    dimensions: int = 0


@dataclass(frozen=True)
class Vectors:
    """Vectors of length 1, in the order of the texts. Durations in nanoseconds."""

    vectors: Sequence[Sequence[float]]
    tokens: int
    total_ns: int
    load_ns: int


class _EmbedRoute:
    """The common part of the three routes: read, wait for a turn, and answer while the client is there."""

    go_type = "EmbedRequest"

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = decode(await HTTPRequest(scope, receive).body(), self.go_type)
        request = self.read(fields)
        if request.texts and not request.model.can("embedding"):
            # llama.cpp's status, and the words of Ollama's own engine.
            raise RequestFailure("this model does not support embeddings", status=501)

        async def answer() -> None:
            started_ns = time.perf_counter_ns()
            async with self._answering.held(request.model, request.num_ctx, request.keep_alive_s) as load_ns:
                vectors, tokens = await self._vectors(request)
            measured = Vectors(vectors, tokens, time.perf_counter_ns() - started_ns, load_ns)
            await self.answer(fields, request, measured)(scope, receive, send)

        await until_disconnect(receive, answer())

    def read(self, fields: Fields) -> _EmbedRequest:
        """Read a request.

        Raises:
            RequestFailure: with Ollama's status and text.
        """
        raise NotImplementedError

    def answer(self, fields: Fields, request: _EmbedRequest, measured: Vectors) -> Response:
        """Write the answer."""
        raise NotImplementedError

    def found(self, fields: Fields, missing: RequestFailure) -> _EmbedRequest:
        """Find the model of a request, which has no texts yet."""
        name = fields.text("model")
        if not name:
            raise missing
        model = self._catalog.find(name)
        options = Options().with_values(fields.mapping("options"))
        lasting_s = keep_alive.seconds(fields.values.get("keep_alive"), self._catalog.keep_alive_s)
        return _EmbedRequest(model, self._catalog.answer_name(name), (), lasting_s, options.num_ctx)

    async def _vectors(self, request: _EmbedRequest) -> tuple[list[list[float]], int]:
        embedded = [await self._fitted(request, text) for text in request.texts]
        vectors = [_unit(_cut(each.vector, request.dimensions)) for each in embedded]
        return vectors, sum(each.tokens for each in embedded)

    async def _fitted(self, request: _EmbedRequest, text: str) -> Embedded:
        """Embed a text, or so much of its beginning as the context holds."""
        while True:
            try:
                return await self._answering.engine.embed(request.model, text)
            except PromptTooLong as error:
                if not request.truncate:
                    raise BadRequest("the input length exceeds the context length") from error
                # Tokens are not known here; characters are cut in their proportion, and a little more.
                text = text[: min(len(text) - 1, len(text) * error.context_length // (error.tokens + 1))]


class Embed(_EmbedRoute):
    """/api/embed."""

    def read(self, fields: Fields) -> _EmbedRequest:
        request = self.found(fields, ModelNotFound(""))
        return replace(
            request,
            texts=_texts(fields),
            truncate=fields.flag("truncate") is not False,
            dimensions=fields.integer("dimensions") or 0,
        )

    def answer(self, fields: Fields, request: _EmbedRequest, measured: Vectors) -> Response:
        del fields
        if not request.texts:
            return JSONAnswer({"model": request.answer_name, "embeddings": []})
        counters = {
            "total_duration": measured.total_ns,
            "load_duration": measured.load_ns,
            "prompt_eval_count": measured.tokens,
        }
        return JSONAnswer(
            {
                "model": request.answer_name,
                "embeddings": measured.vectors,
                **{name: value for name, value in counters.items() if value},
            }
        )


class OldEmbeddings(_EmbedRoute):
    """/api/embeddings: one prompt, one vector, nothing else."""

    go_type = "EmbeddingRequest"

    def read(self, fields: Fields) -> _EmbedRequest:
        prompt = fields.text("prompt")
        request = self.found(fields, BadRequest("model is required"))
        return replace(request, texts=[prompt] if prompt else [], truncate=False)

    def answer(self, fields: Fields, request: _EmbedRequest, measured: Vectors) -> Response:
        del fields, request
        return JSONAnswer({"embedding": measured.vectors[0] if measured.vectors else []})


class OpenAIEmbeddings(_EmbedRoute):
    """/v1/embeddings: numbers, or the same as base64 of 32-bit floats, which OpenAI's client asks for."""

    def read(self, fields: Fields) -> _EmbedRequest:
        request = self.found(fields, BadRequest("model is required"))
        texts = [""] if fields.values.get("input") == "" else _texts(fields)
        if not texts:
            raise BadRequest("invalid input")
        encoding = fields.text("encoding_format")
        if encoding not in ("", "float", "base64"):
            # Without quotes, as Ollama has it, and on one line whatever it is.
            raise BadRequest(f"Invalid value for 'encoding_format' = {repr(encoding)[1:-1]}")
        return replace(request, texts=texts, dimensions=fields.integer("dimensions") or 0)

    def answer(self, fields: Fields, request: _EmbedRequest, measured: Vectors) -> Response:
        packed = fields.text("encoding_format") == "base64"
        data = [
            {"object": "embedding", "embedding": _packed(vector) if packed else vector, "index": index}
            for index, vector in enumerate(measured.vectors)
        ]
        usage = {"prompt_tokens": measured.tokens, "total_tokens": measured.tokens}
        return JSONAnswer({"object": "list", "data": data, "model": request.answer_name, "usage": usage})


def _texts(fields: Fields) -> list[str]:
    given = fields.values.get("input")
    if given is None or given == "":
        return []
    items = cast("list[Any]", given) if isinstance(given, list) else [given]
    if not all(isinstance(item, str) for item in items):
        raise BadRequest("invalid input type")
    return items


def _cut(vector: Sequence[float], dimensions: int) -> Sequence[float]:
    return vector[:dimensions] if 0 < dimensions < len(vector) else vector


def _unit(vector: Sequence[float]) -> list[float]:
    length = max(math.sqrt(math.fsum(number * number for number in vector)), 1e-12)
    return [number / length for number in vector]


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
