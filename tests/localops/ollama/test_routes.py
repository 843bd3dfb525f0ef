"""Routes that do not generate text, and every refusal that the protocol has a text for."""

from __future__ import annotations

import json
import re
import socket

import httpx
import pytest
from scripted_ollama import Script, ScriptedOllama

from localops.ollama.model import Model

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_says_that_ollama_is_running(server, method: str):
    answer = server.http.request(method, "/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text == ("Ollama is running" if method == "GET" else "")


def test_the_version_is_that_of_the_imitated_ollama(server):
    answer = server.get("/api/version")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.text == '{"version":"0.32.15"}'


def test_tags_list_each_model_with_its_details(server):
    model = server.get("/api/tags").json()["models"][0]
    assert list(model) == ["name", "model", "modified_at", "size", "digest", "details", "capabilities"]
    assert model["name"] == model["model"] == server.model
    assert TIMESTAMP.fullmatch(model["modified_at"])
    assert re.fullmatch("[0-9a-f]{64}", model["digest"])
    wanted = {"parent_model", "format", "family", "families", "parameter_size", "quantization_level"}
    assert wanted <= set(model["details"])
    assert "completion" in model["capabilities"]


def test_ps_lists_what_is_loaded(server):
    server.post("/api/generate", model=server.model)
    loaded = server.get("/api/ps").json()["models"]
    model = next(model for model in loaded if model["name"] == server.model)
    assert list(model) == [
        "name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length",
    ]  # fmt: skip
    assert model["size_vram"] == 0
    assert model["context_length"] > 0
    assert TIMESTAMP.fullmatch(model["expires_at"])


@pytest.mark.parametrize("member", ["model", "name"])
def test_show_tells_about_a_model(builtin, member: str):
    shown = builtin.post("/api/show", **{member: builtin.model}).json()
    assert (shown["license"], shown["model_info"]["general.architecture"]) == ("Apache-2.0", "llama")
    assert shown["template"] in shown["modelfile"]
    assert {"name": "token_embd.weight", "type": "Q8_0", "shape": [192, 2048]} in shown["tensors"]


def test_v1_models_lists_models_in_openais_form(server):
    listed = server.get("/v1/models").json()
    entry = listed["data"][0]
    assert listed["object"] == "list"
    assert (entry["id"], entry["object"], entry["owned_by"]) == (server.model, "model", "library")
    assert server.http.get(f"/v1/models/{server.model}").json() == entry


SOME = [{"role": "user", "content": "hi"}]
IMAGES = ["aGVsbG8="]
PICTURE = [{"role": "user", "images": IMAGES}]
LEVELS = '(must be "high", "medium", "low", "max", true, or false)'
RAW = "raw mode does not support template, system, or context"
TEMPLATE = "this server does not run Go templates; leave `template` out, or send `raw`"
CONTEXT = "this context is not from this server; send the conversation to /api/chat"
INTO = "json: cannot unmarshal {} into Go struct field {} of type {}"


def refused(server, path: str, body: dict, status: int, error: object) -> None:
    answer = server.post(path, **body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {"error": error}


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/api/generate", {}, 404, "model '' not found"),
        ("/api/chat", {}, 400, "model is required"),
        ("/api/show", {}, 400, "model is required"),
        ("/api/generate", {"model": "nix", "prompt": "x"}, 404, "model 'nix' not found"),
        ("/api/chat", {"model": "nix", "messages": SOME}, 404, "model 'nix' not found"),
        ("/api/show", {"model": "nix"}, 404, "model 'nix' not found"),
        ("/api/generate", {"model": "a b"}, 400, "invalid model name"),
        ("/api/chat", {"model": "a b"}, 400, "invalid model name"),
        ("/api/generate", {"model": 5}, 400, INTO.format("number", "GenerateRequest.model", "string")),
        ("/api/chat", {"model": []}, 400, INTO.format("array", "ChatRequest.model", "string")),
    ],
)
def test_a_request_for_no_model_is_refused_in_ollamas_words(
    server, path: str, body: dict, status: int, text: str
):
    refused(server, path, body, status, text)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"raw": True, "system": "y"}, 400, RAW),
        ({"raw": True, "template": "y"}, 400, TEMPLATE),
        ({"raw": True, "context": [1]}, 400, RAW),
        ({"context": [7]}, 400, CONTEXT),
        ({"template": "{{ .Prompt }}"}, 400, TEMPLATE),
        ({"suffix": "y"}, 400, '"{model}" does not support insert'),
        ({"images": IMAGES}, 400, '"{model}" does not support vision'),
        ({"images": ["no base64"]}, 400, "illegal base64 data in an image"),
        ({"think": "very"}, 400, 'invalid think value: "very" ' + LEVELS),
        ({"think": 1}, 400, "invalid think value: 1 " + LEVELS),
        ({"options": {"num_predict": "5"}}, 500, 'option "num_predict" must be of type integer'),
        ({"keep_alive": "soon"}, 400, 'time: invalid duration "soon"'),
        ({"format": "xml"}, 500, 'invalid format: "xml"; expected "json" or a JSON Schema'),
        ({"format": 5}, 500, 'invalid format: 5; expected "json" or a JSON Schema'),
        ({"top_logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
        ({"logprobs": True}, 400, "this server does not give logprobs"),
        ({"stream": "no"}, 400, INTO.format("string", "GenerateRequest.stream", "bool")),
    ],
)
def test_generate_refuses_what_it_cannot_do(server, body: dict, status: int, text: str):
    body = {"model": server.model, "prompt": "x", **body}
    refused(server, "/api/generate", body, status, text.replace("{model}", server.model))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": "x"}, INTO.format("string", "ChatRequest.messages", "[]api.Message")),
        ({"messages": ["x"]}, INTO.format("string", "ChatRequest.messages", "api.Message")),
        ({"messages": PICTURE}, '"{model}" does not support vision'),
        ({"messages": SOME, "tools": [{}]}, '"{model}" does not support tools'),
    ],
)
def test_chat_refuses_what_it_cannot_do(server, body: dict, text: str):
    refused(server, "/api/chat", {"model": server.model, **body}, 400, text.replace("{model}", server.model))


@pytest.mark.parametrize("think", [True, "low", False])
@pytest.mark.parametrize(
    ("path", "body"), [("/api/generate", {"prompt": "x"}), ("/api/chat", {"messages": SOME})]
)
def test_a_model_that_cannot_think_refuses_to_and_does_not_mind_not_to(server, path: str, body: dict, think):
    answer = server.post(path, model=server.model, think=think, stream=False, **body)
    if think:
        refusal = {"error": f'"{server.model}" does not support thinking'}
        assert (answer.status_code, answer.json()) == (400, refusal)
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "missing request body"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b'{"model":"x"', "unexpected EOF"),
    ],
)
@pytest.mark.parametrize("path", ["/api/generate", "/api/chat", "/api/show"])
def test_a_body_that_is_no_json_is_refused_in_gos_words(scripted, path: str, body: bytes, text: str):
    answer = scripted.http.post(path, content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_the_content_type_does_not_matter(scripted):
    body = json.dumps({"model": scripted.model, "prompt": "capital of Italy", "stream": False})
    answer = httpx.post(
        scripted.url + "/api/generate",
        content=body + " rest is ignored",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["response"] == "The capital of Italy is Rome."


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/nix", 404, "404 page not found"),
        ("POST", "/api/tag", 404, "404 page not found"),
        ("GET", "/api/generate", 405, "405 method not allowed"),
        ("POST", "/api/tags", 405, "405 method not allowed"),
        ("DELETE", "/v1/models", 405, "405 method not allowed"),
    ],
)
def test_unknown_paths_and_methods_are_refused_in_plain_text(
    scripted, method: str, path: str, status: int, text: str
):
    answer = scripted.http.request(method, path)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/pull"),
        ("POST", "/api/push"),
        ("POST", "/api/create"),
        ("POST", "/api/copy"),
        ("DELETE", "/api/delete"),
        ("POST", "/api/blobs/sha256:1"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/messages"),
    ],
)
def test_what_the_server_does_not_do_it_says(scripted, method: str, path: str):
    answer = scripted.http.request(method, path, json={"model": "x"})
    error = answer.json()["error"]
    assert answer.status_code == 501
    assert (error["message"] if path.startswith("/v1/") else error).startswith("this server ")


@pytest.mark.parametrize(("path", "body"), [("generate", {"prompt": "x"}), ("chat", {"messages": SOME})])
def test_a_model_that_only_embeds_does_not_answer(path: str, body: dict):
    embedder = Model("embedder:latest", capabilities=("embedding",))
    with ScriptedOllama(Script("never", models=[embedder])) as ollama:
        answer = httpx.post(f"{ollama.url}/api/{path}", json={"model": "embedder", **body})
    assert (answer.status_code, answer.json()) == (400, {"error": f'"embedder" does not support {path}'})


def test_a_client_that_leaves_while_it_sends_disturbs_nobody(server):
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 80)) as client:
        client.sendall(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{")
    assert server.get("/").text == "Ollama is running"


BAD, MISSING, BROKEN = "invalid_request_error", "not_found_error", "api_error"
EFFORTS = '(must be "none", "minimal", "low", "medium", "high", "max", "xhigh", "ultra")'


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "text"),
    [
        ("chat/completions", {"model": "nix", "messages": SOME}, 404, MISSING, "model 'nix' not found"),
        ("chat/completions", {"messages": SOME}, 400, BAD, "model is required"),
        ("completions", {"model": "nix"}, 404, MISSING, "model 'nix' not found"),
        ("completions", {}, 400, BAD, "model is required"),
    ],
)
def test_v1_refusals_have_openais_form(server, path: str, body: dict, status: int, kind: str, text: str):
    refused(server, f"/v1/{path}", body, status, {"message": text, "type": kind, "param": None, "code": None})


@pytest.mark.parametrize(
    ("body", "status", "kind", "text"),
    [
        ({"messages": []}, 400, BAD, "[] is too short - 'messages'"),
        ({"stop": 5}, 500, BROKEN, 'option "stop" must be of type array'),
        ({"reasoning_effort": "so so"}, 400, BAD, f'invalid reasoning value: "so so" {EFFORTS}'),
        ({"reasoning_effort": "low"}, 400, BAD, '"{model}" does not support thinking'),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            400,
            BAD,
            "invalid message format: this server reads text parts only",
        ),
    ],
)
def test_v1_chat_refuses_what_it_cannot_do(server, body: dict, status: int, kind: str, text: str):
    error = {"message": text.replace("{model}", server.model), "type": kind, "param": None, "code": None}
    refused(server, "/v1/chat/completions", {"model": server.model, "messages": SOME, **body}, status, error)
