"""Real inference: llama.cpp in this process, through the `xllamacpp` wheel.

The wheel's Server runs llama.cpp's own loop in a C++ thread and gives chunks to a callback in the calling
thread. Two of its habits are closed off here:

- It opens an HTTP listener, by default on a random loopback port, without a key and with CORS for every page.
  It cannot be switched off, so it gets a Unix socket in a private folder which is removed at once: nothing
  can connect any more. On Windows it stays on loopback, behind an unguessable key and without CORS.
- It keeps up to 8 GB of old prompts in memory. Switched off; the last prompt's prefix is still reused.

A callback that returns True ends the generation within a token.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from localops.ollama import gguf_header
from localops.ollama.engine import MAX_REPEATS, Ask, Embedded, Piece, Summary
from localops.ollama.errors import EngineFailure, EngineMissing
from localops.ollama.llama_embedding import embedded
from localops.ollama.llama_generation import Generation, prompt_of
from localops.ollama.model import Model
from localops.ollama.options import Options

BUILTIN_FILE = Path(__file__).parent / "builtin_model" / "builtin-q8_0.gguf"
BUILTIN_NAME = "mastrogpt-tiny:3m"

_THREADS = 1  # two on busy cores fall from 2000 to 1 or 2 tokens a second
_NO_TOKENS = 400  # llama.cpp's status for numbers that are not in the vocabulary
_DEFAULT_CONTEXT = 4096  # for models trained for more; Ollama's own default on small machines


def builtin_model() -> tuple[Model, Path]:
    """Describe the model that comes with the project, and say where it lies."""
    return gguf_header.describe(BUILTIN_FILE, BUILTIN_NAME, licence="Apache-2.0"), BUILTIN_FILE


class LlamaCpp:
    """An engine over one GGUF file, which makes text or, where the model pools its tokens, vectors.

    Raises:
        EngineMissing: the wheel is not installed here.
    """

    parallel = 1

    def __init__(self, model: Model, file: Path) -> None:
        try:
            import xllamacpp  # pyright: ignore[reportMissingTypeStubs] # heavy, and not everywhere
        except ImportError as error:
            raise EngineMissing(
                f"llama.cpp cannot run here: {error}; install `xllamacpp`, or use --engine scripted"
            ) from error
        self._binding: Any = xllamacpp
        self._file = file
        self.models: Sequence[Model] = (model,)
        self._server: Any = None
        self._context = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llama.cpp")

    def context_loaded(self, model: Model) -> int:
        """Return the context length the model is loaded with, 0 when it is not loaded."""
        return self._context if model in self.models else 0

    async def load(self, model: Model, num_ctx: int | None) -> None:
        """Load the model, as `load_now` does.

        Raises:
            EngineFailure: llama.cpp cannot run the file.
        """
        self.load_now(model, num_ctx)

    def load_now(self, model: Model, num_ctx: int | None) -> None:
        """Load the model, or load it again when a longer context is asked for.

        The binding holds Python's lock meanwhile, so nothing else runs in this process: 0.1 s for the
        built-in model, seconds for a large one.

        Raises:
            EngineFailure: llama.cpp cannot run the file.
        """
        limit = model.context_length or _DEFAULT_CONTEXT
        wanted = min(num_ctx or min(limit, _DEFAULT_CONTEXT), limit)
        if self._context >= wanted:
            return
        self._server = None
        self._context = 0
        self._server = start_server(self._binding, self._file, wanted, embedding=model.can("embedding"))
        self._context = wanted

    async def unload(self, model: Model) -> None:
        """Return the model's memory back."""
        if model in self.models:
            self._server = None
            self._context = 0

    async def generate(self, ask: Ask) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield what llama.cpp makes, as `Engine.generate` says."""
        ask = await self._as_text(ask) if ask.before else ask
        limit = min(ask.options.num_ctx or self._context, self._context)
        repeats = MAX_REPEATS if ask.ends_repetition else None
        generation = Generation(limit, repeats, ask.top_logprobs or 0)
        handle, payload = self._call(ask)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, handle, payload, generation.take)
        work.add_done_callback(generation.finish)
        try:
            async for item in generation.items():
                yield item
        except EngineFailure as error:
            if ask.before and error.status == _NO_TOKENS:
                raise EngineFailure(f"detokenize error: {error.message}") from error
            raise
        finally:
            generation.cancelled = True
            await asyncio.wait([work])

    async def _as_text(self, ask: Ask) -> Ask:
        """Return the same with the conversation as text, which alone can stand behind tokens.

        Raises:
            RequestFailure: the model's template cannot write it.
        """
        if ask.raw is not None:
            return ask
        handle, payload = self._call(replace(ask, format=None, top_logprobs=None))
        payload |= {"stream": False, "verbose": True, "n_predict": 0}
        said: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, handle, payload, said.append)
        try:
            await asyncio.shield(work)
        finally:
            await asyncio.wait([work])
        return replace(ask, raw=prompt_of(said))

    async def embed(self, model: Model, text: str) -> Embedded:
        """Return the vector of a text, as `Engine.embed` says."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, self._server.handle_embeddings, {"input": text})
        try:
            return embedded(await asyncio.shield(work), self.context_loaded(model))
        finally:
            await asyncio.wait([work])  # nothing interrupts it; the next one must not come before

    def _call(self, ask: Ask) -> tuple[Callable[..., None], dict[str, Any]]:
        payload = {"stream": True, "return_progress": True, **_sampling(ask.options)}
        if ask.raw is not None:
            payload |= {
                "prompt": [*ask.before, ask.raw] if ask.before else ask.raw,
                **_raw_format(ask.format),
            }
            if ask.top_logprobs is not None:
                payload["logprobs"] = max(1, ask.top_logprobs)
            return self._server.handle_completions, payload
        payload |= {
            "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
            "chat_template_kwargs": {"enable_thinking": bool(ask.think)},
            **_chat_format(ask.format),
        }
        if ask.top_logprobs is not None:
            payload |= {"logprobs": True, "top_logprobs": max(1, ask.top_logprobs)}
        return self._server.handle_chat_completions, payload


def start_server(binding: Any, file: Path, context: int, *, embedding: bool = False) -> Any:
    """Start llama.cpp over a file, closed off as this module says.

    Args:
        binding: the module `xllamacpp`.

    Raises:
        EngineFailure: llama.cpp cannot run the file.
    """
    parameters = binding.CommonParams()
    parameters.model.path = str(file)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = _THREADS
    parameters.n_parallel = 1
    parameters.n_ctx = context
    if embedding:  # a text is pooled in one piece
        parameters.embedding = True
        parameters.n_batch = parameters.n_ubatch = context
    parameters.cache_ram_mib = 0
    parameters.verbosity = -1
    parameters.api_keys = [secrets.token_hex(32)]
    parameters.cors_origins = ""
    parameters.n_threads_http = 1
    parameters.ui = parameters.endpoint_slots = False
    try:
        with tempfile.TemporaryDirectory(prefix="localops-", ignore_cleanup_errors=True) as folder:
            if os.name == "posix":
                parameters.hostnames = [os.path.join(folder, "closed.sock")]
            server = binding.Server(parameters)
    except RuntimeError as error:
        raise EngineFailure(
            f"llama.cpp cannot load {file.name}: it is damaged, or of a kind it does not know"
        ) from error
    _ask_nothing(server)
    return server


def _ask_nothing(server: Any) -> None:
    """Wait until llama.cpp's loop runs: a Server that is deleted earlier never ends, nor does its process."""
    server.handle_completions({"prompt": "", "n_predict": 0})


def _sampling(options: Options) -> dict[str, Any]:
    return {
        "n_predict": options.num_predict if options.num_predict >= 0 else -1,
        "n_keep": options.num_keep,
        "seed": options.seed,
        "top_k": options.top_k,
        "top_p": options.top_p,
        "min_p": options.min_p,
        "typical_p": options.typical_p,
        "repeat_last_n": options.repeat_last_n,
        "temperature": options.temperature,
        "repeat_penalty": options.repeat_penalty,
        "presence_penalty": options.presence_penalty,
        "frequency_penalty": options.frequency_penalty,
        "stop": list(options.stop),
    }


def _chat_format(wanted: str | Mapping[str, Any] | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    if isinstance(wanted, str):
        return {"response_format": {"type": "json_object"}}
    return {"response_format": {"type": "json_schema", "json_schema": {"schema": dict(wanted)}}}


def _raw_format(wanted: str | Mapping[str, Any] | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    return {"json_schema": {"type": "object"} if isinstance(wanted, str) else dict(wanted)}
