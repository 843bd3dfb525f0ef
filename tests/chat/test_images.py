"""Pictures of a message, in each server's own words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from scripted_ollama import MODELS, Script, ScriptedOllama, Status

from mastro.providers.errors import ModelError
from mastro.providers.images import images
from tests.scripted.openai_server import OpenAIServer, Said, json_answer, streamed_answer

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 20).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + b"x" * 20).decode()
WEBP = base64.b64encode(b"RIFFxxxxWEBPVP8 ").decode()
GIF = base64.b64encode(b"GIF89a" + b"x" * 20).decode()


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def chat(request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any) -> Callable[..., dict[str, Any]]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action(request.param).main
    return lambda **args: main({"input": "What is this?", "metrics": True, **args})["body"]


SEEN = Said(
    200, {"content-type": "application/x-ndjson"}, [b'{"message":{"content":"A cat."},"done":true}\n']
)
BLIND = "llama3.1:8b cannot see pictures: choose another model with @, or ask without them."
NOT_SEEN = json_answer({"error": '"llama3.1:8b" does not support vision'}, 400)


def ollama(shows: Said, says: Said) -> OpenAIServer:
    """Return an Ollama with one model: what it tells of the model, and what the model answers."""
    return OpenAIServer(routes={"/api/show": shows, "/api/chat": says})


def test_a_picture_goes_out_as_ollamas_images(chat: Any):
    with ollama(json_answer({"capabilities": ["completion", "vision"]}), SEEN) as server:
        assert (
            chat(OLLAMA_HOST=server.host, images=[PNG, f"data:image/jpeg;base64,{JPEG}"])["output"]
            == "A cat."
        )
        message = server.requests[-1].body["messages"][-1]
    assert message == {"role": "user", "content": "What is this?", "images": [PNG, JPEG]}


@pytest.mark.parametrize(
    ("picture", "media_type"), [(PNG, "png"), (JPEG, "jpeg"), (WEBP, "webp"), (GIF, "gif")]
)
def test_a_picture_goes_out_as_openais_image_url(chat: Any, picture: str, media_type: str):
    with OpenAIServer(streamed_answer("A cat.")) as server:
        body = chat(BASE_URL=server.url, MODEL="gpt-4o", images=json.dumps([picture]))
        assert body["output"] == "A cat."
        parts = server.questions[0].body["messages"][-1]["content"]
    assert parts == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/{media_type};base64,{picture}"}},
    ]


def test_a_model_that_cannot_see_is_a_sentence_before_anything_is_sent(chat: Any):
    with ollama(json_answer({"capabilities": ["completion"]}), SEEN) as server:
        assert chat(OLLAMA_HOST=server.host, images=[PNG])["output"] == BLIND
        assert {request.path for request in server.requests} == {"/api/show"}


SILENT = [
    json_answer({}),
    json_answer({"capabilities": "nonsense"}),
    json_answer("", 403),
    json_answer("", 404),
]


@pytest.mark.parametrize("shows", SILENT)
@pytest.mark.parametrize(("says", "output"), [(SEEN, "A cat."), (NOT_SEEN, BLIND)])
def test_a_server_that_does_not_tell_is_asked(chat: Any, shows: Said, says: Said, output: str):
    with ollama(shows, says) as server:
        assert chat(OLLAMA_HOST=server.host, images=[PNG])["output"] == output
        assert server.requests[-1].path == "/api/chat"


def test_a_real_refusal_of_pictures_is_the_same_sentence(chat: Any):
    told_nothing = {"/api/show": [Status(200, {})]}
    with ScriptedOllama(Script("A cat.", models=MODELS, routes=told_nothing)) as server:
        assert chat(OLLAMA_HOST=server.host, images=[PNG])["output"] == BLIND


@pytest.mark.parametrize("given", [None, "", []])
def test_no_pictures_are_no_pictures(given: Any):
    assert images(given) == []


@pytest.mark.parametrize(
    "given",
    [
        [PNG] * 5,
        PNG,
        {"a": PNG},
        [5],
        ["nonsense!"],
        [base64.b64encode(b"GIF is not what this is").decode()],
        ["data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode()],
        ["data:text/html,<p>"],
        ["https://example.com/cat.png"],
        [PNG + "\n"],
    ],
)
def test_what_is_no_picture_is_refused(given: Any):
    with pytest.raises(ModelError, match="`images` must be a list of at most 4 pictures"):
        images(given)


def test_too_much_of_pictures_is_refused():
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 400_000).decode()
    with pytest.raises(ModelError, match="together they may have 700 kB"):
        images([large, large])
    assert images([large]) == [large]
