"""Whatever is sent to the model server, what it refuses it refuses with a sentence, and it lives on."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fuzzing import Fuzz, odd_bytes, odd_copy, odd_text
from model_server import ModelServer, StartModel

ANSWER_S = 20.0
MAX_READ = 2_000_000
SHORT = {"num_predict": 3, "seed": 1, "temperature": 0.5, "stop": ["x"], "top_k": 3, "num_ctx": 512}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
BODIES: dict[str, dict[str, Any]] = {
    "/api/generate": {
        "prompt": "Hello",
        "system": "Be brief.",
        "stream": False,
        "options": SHORT,
        "keep_alive": "5m",
        "think": False,
        "format": SCHEMA,
        "images": [],
        "raw": False,
        "template": "",
        "suffix": "",
        "context": [],
    },
    "/api/chat": {"messages": TURNS, "stream": True, "options": SHORT, "format": "json", "tools": []},
    "/api/embed": {"input": ["Hello", "you"], "truncate": True, "dimensions": 8},
    "/api/embeddings": {"prompt": "Hello"},
    "/api/show": {"verbose": True},
    "/v1/chat/completions": {
        "messages": [*TURNS, {"role": "user", "content": [{"type": "text", "text": "you"}]}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 3,
        "temperature": 0.5,
        "stop": ["x"],
        "seed": 1,
        "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
        "reasoning_effort": "none",
        "reasoning": {"effort": "none"},
        "logprobs": False,
    },
    "/v1/completions": {"prompt": "Hello", "max_tokens": 3, "stop": "x", "logprobs": 0, "suffix": ""},
    "/v1/responses": {
        "input": [
            {"type": "reasoning", "encrypted_content": "Hm."},
            {"role": "user", "content": [{"type": "input_text", "text": "you"}]},
        ],
        "instructions": "Be brief.",
        "stream": True,
        "max_output_tokens": 3,
        "temperature": 0.5,
        "top_p": 0.5,
        "reasoning": {"effort": "none"},
        "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}},
        "truncation": "auto",
        "tools": [],
    },
    "/v1/embeddings": {"input": "Hello", "encoding_format": "base64", "dimensions": 8},
}
PATHS = ["/v1/models/", "/api/", "/", "/v1/models", "/api/tags", "/api/blobs/", "/api/pull"]
METHODS = ["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS"]
ENDS = ["", "%00", "%ff", "%2e%2e/", "a" * 300, "%C2%B2", "?%ff=%00&x"]
HEADERS = ["Origin", "Host", "Content-Type", "Accept", "Authorization", "Expect", "X-Odd"]


@pytest.fixture(params=["scripted", "llama.cpp", "embedder"])
def fuzzed(request: pytest.FixtureRequest, start_model: StartModel, tmp_path: Path) -> Iterator[ModelServer]:
    """Provide each engine in a process of its own, which at the end still answers and has logged nothing."""
    if request.param == "scripted":
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"answers": ["Hello."]}))
        starting = start_model(str(script), module="tests.scripted")
    elif request.param == "llama.cpp":
        starting = request.getfixturevalue("llamacpp")()
    else:
        starting = request.getfixturevalue("llamacpp")(
            "--model", str(request.getfixturevalue("embedder_file"))
        )
    with starting as server:
        yield server
        assert server.get("/").text == "Ollama is running"
        process: Any = server.process
        assert isinstance(process, subprocess.Popen)
        assert process.poll() is None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.close()
        assert process.wait(ANSWER_S) == 0
        assert process.stderr.read() == ""


def odd_request(random: Random, model: str) -> tuple[str, str, bytes, dict[str, str]]:
    """Return method, path, body and headers of a request that is a little or very wrong."""
    kind = random.randrange(10)
    if kind == 0:
        return random.choice(METHODS), random.choice(PATHS) + random.choice(ENDS), b"", {}
    path = random.choice(list(BODIES))
    body = {"model": model, **BODIES[path]}
    if kind == 1:
        return "POST", path, odd_bytes(random, json.dumps(body).encode()), {}
    odd = odd_copy(random, body)
    if isinstance(odd, dict) and random.random() < 0.8:
        odd["model"] = model
    headers = {}
    if kind == 2:
        value = odd_text(random).encode("utf-8", "replace").decode("latin-1")
        headers = {random.choice(HEADERS): "".join(each for each in value if each.isprintable())[:2000]}
    return "POST", path, json.dumps(odd).encode(), headers


def answer_to(
    port: int, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read(MAX_READ)
    finally:
        connection.close()


@pytest.mark.fuzz
def test_no_request_is_a_500_without_a_sentence_or_ends_the_server(fuzz: Fuzz, fuzzed: ModelServer):
    port = int(fuzzed.url.rpartition(":")[2])
    for random in fuzz:
        method, path, body, headers = odd_request(random, fuzzed.model)
        status, media_type, said = answer_to(port, method, path, body, headers)
        asked = f"{method} {path} {headers} {body[:1500]!r} -> {status} {said[:500]!r}"
        assert status < 600, asked
        assert b"Internal Server Error" not in said, asked
        if method == "HEAD":
            assert said == b"", asked
        elif status >= 400 and media_type.startswith("application/json"):
            error = json.loads(said)["error"]
            sentence = error["message"] if isinstance(error, dict) else error
            assert sentence, asked
            assert "\n" not in sentence, asked
        elif status >= 500:
            raise AssertionError(asked)
