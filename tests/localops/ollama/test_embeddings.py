"""Vectors: shapes and units, the clients that nobody here wrote, and the refusals."""

from __future__ import annotations

import base64
import math
import struct

import ollama
import openai
import pytest
from scripted_ollama import Script, ScriptedOllama

from localops.ollama.errors import BadRequest, EngineFailure, PromptTooLong
from localops.ollama.llama_embedding import embedded
from localops.ollama.model import Model

LONG = "word " * 3000


@pytest.fixture(scope="module")
def vectorial():
    """Provide a scripted model that makes vectors, as `(url, name)`."""
    model = Model("words:latest", capabilities=("embedding",), context_length=512)
    with ScriptedOllama(Script("never", models=[model])) as scripted:
        yield scripted.url, "words"


@pytest.fixture(params=["scripted", "llamacpp"])
def client(request: pytest.FixtureRequest):
    """Provide an `ollama` client and a model that embeds, on each engine in turn."""
    if request.param == "scripted":
        url, name = request.getfixturevalue("vectorial")
    else:
        server = request.getfixturevalue("embedder")
        url, name = server.url, "tiny-embedder"
    with ollama.Client(url) as client:
        yield client, url, name


def length(vector) -> float:
    return math.sqrt(sum(number * number for number in vector))


def likeness(one, other) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_the_ollama_client_gets_unit_vectors_in_the_order_of_the_texts(client):
    client, _, name = client
    texts = ["the cat sleeps", "rome is a city", "the cat sleeps"]
    answer = client.embed(name, texts)
    assert answer.model == name
    assert all(length(vector) == pytest.approx(1) for vector in answer.embeddings)
    assert likeness(answer.embeddings[0], answer.embeddings[2]) == pytest.approx(1)
    assert likeness(answer.embeddings[0], answer.embeddings[1]) < 0.999
    assert client.embed(name, texts[0]).embeddings[0] == pytest.approx(answer.embeddings[0], abs=1e-5)


def test_the_counters_are_measured_in_nanoseconds(client):
    client, _, name = client
    answer = client.embed(name, ["one two three", "four"])
    assert 3 < answer.prompt_eval_count + 1 < 40
    assert 0 < answer.load_duration < answer.total_duration < 60e9


def test_fewer_dimensions_are_a_unit_vector_too(client):
    client, _, name = client
    (vector,) = client.embed(name, "one two three", dimensions=8).embeddings
    assert (len(vector), length(vector)) == (8, pytest.approx(1))


def test_the_older_form_gives_one_vector(client):
    client, _, name = client
    old, new = client.embeddings(name, "one two").embedding, client.embed(name, "one two").embeddings[0]
    assert old == pytest.approx(new, abs=1e-5)
    assert list(client.embeddings(name, "").embedding) == []


def test_the_openai_client_gets_the_same_vectors(client):
    ollamas, url, name = client
    with openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0) as openais:
        answer = openais.embeddings.create(model=name, input=["one two", "three"])
        as_numbers = openais.embeddings.create(model=name, input="one two", encoding_format="float")
    expected = ollamas.embed(name, ["one two", "three"]).embeddings
    assert [each.index for each in answer.data] == [0, 1]
    assert answer.data[0].embedding == pytest.approx(expected[0], abs=1e-5)
    assert as_numbers.data[0].embedding == pytest.approx(expected[0], abs=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 1


def test_the_members_are_ollamas(embedder):
    answer = embedder.post("/api/embed", model="tiny-embedder", input="x").json()
    assert list(answer) == ["model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"]
    old = embedder.post("/api/embeddings", model="tiny-embedder", prompt="x").json()
    assert list(old) == ["embedding"]
    openais = embedder.post(
        "/v1/embeddings", model="tiny-embedder", input="x", encoding_format="base64"
    ).json()
    assert list(openais) == ["object", "data", "model", "usage"]
    assert list(openais["data"][0]) == ["object", "embedding", "index"]
    (first,) = struct.unpack_from("<f", base64.b64decode(openais["data"][0]["embedding"]))
    assert first == pytest.approx(answer["embeddings"][0][0], abs=1e-5)


@pytest.mark.parametrize("body", [{}, {"input": ""}, {"input": []}])
def test_nothing_to_embed_loads_the_model_and_gives_no_vector(embedder, body: dict):
    embedder.post("/api/embed", model="tiny-embedder", keep_alive=0, **body)
    answer = embedder.post("/api/embed", model="tiny-embedder", **body).json()
    assert answer == {"model": "tiny-embedder", "embeddings": []}
    assert embedder.get("/api/ps").json()["models"][0]["name"] == "tiny-embedder:latest"


def test_a_text_that_is_too_long_is_cut_unless_it_must_not_be(embedder):
    answer = embedder.post("/api/embed", model="tiny-embedder", input=LONG).json()
    assert 900 < answer["prompt_eval_count"] <= 1024
    refusal = embedder.post("/api/embed", model="tiny-embedder", input=LONG, truncate=False)
    message = {"error": "the input length exceeds the context length"}
    assert (refusal.status_code, refusal.json()) == (400, message)


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("embed", {"input": "x"}, 404, "model '' not found"),
        ("embed", {"model": "nix", "input": "x"}, 404, "model 'nix' not found"),
        ("embed", {"model": "tiny-embedder", "input": 5}, 400, "invalid input type"),
        ("embed", {"model": "tiny-embedder", "input": ["x", 5]}, 400, "invalid input type"),
        ("embed", {"model": "tiny-embedder", "input": ["x", ""]}, 400, "Input content cannot be empty"),
        ("embeddings", {"prompt": "x"}, 400, "model is required"),
        ("embeddings", {"model": "nix", "prompt": "x"}, 404, "model 'nix' not found"),
    ],
)
def test_refusals_are_in_ollamas_words(embedder, path: str, body: dict, status: int, text: str):
    answer = embedder.post(f"/api/{path}", **body)
    assert (answer.status_code, answer.json()) == (status, {"error": text})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"input": ""}, "Input content cannot be empty"),
        ({"input": []}, "invalid input"),
        ({"input": "x", "encoding_format": "hex"}, "Invalid value for 'encoding_format' = hex"),
        (
            {"input": "x", "encoding_format": "\x1b[2J\r\né\u2028"},
            "Invalid value for 'encoding_format' = \\x1b[2J\\r\\né\\u2028",
        ),
    ],
)
def test_openais_form_refuses_in_openais_form(embedder, body: dict, text: str):
    answer = embedder.post("/v1/embeddings", model="tiny-embedder", **body)
    error = {"message": text, "type": "invalid_request_error", "param": None, "code": None}
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_model_that_makes_vectors_makes_no_text_and_says_so(embedder):
    refusal = embedder.post("/api/generate", model="tiny-embedder", prompt="x")
    assert (refusal.status_code, refusal.json()) == (
        400,
        {"error": '"tiny-embedder" does not support generate'},
    )


def test_a_model_that_makes_text_makes_no_vectors_and_says_so(server):
    for path, body in (("embed", {"input": "x"}), ("embeddings", {"prompt": "x"})):
        answer = server.post(f"/api/{path}", model=server.model, **body)
        assert (answer.status_code, answer.json()) == (
            501,
            {"error": "this model does not support embeddings"},
        )
    with (
        openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0) as client,
        pytest.raises(openai.InternalServerError, match="does not support embeddings"),
    ):
        client.embeddings.create(model=server.model, input="x")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}, PromptTooLong),
        ({"code": 500, "message": "input (9 tokens) is too large to process."}, PromptTooLong),
        ({"code": 400, "message": "no"}, BadRequest),
        ({"code": 500, "message": "broken"}, EngineFailure),
    ],
)
def test_what_llama_cpp_refuses_is_told_apart(error: dict, kind: type[Exception]):
    with pytest.raises(kind):
        embedded({"error": error}, 8)
