"""`template` and `context` of /api/generate, on the built-in model."""

from __future__ import annotations

from typing import Any

import pytest

ITALY, FRANCE = "What is the capital of Italy?", "And of France?"
COLD = {"temperature": 0}
OWN = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}<|end|>{{ end }}<|assistant|>"
OLD = "{{ if .Prompt }}<|user|>{{ .Prompt }}<|end|>{{ end }}<|assistant|>{{ .Response }}<|end|>"


def asked(server: Any, prompt: str, **more: Any) -> dict[str, Any]:
    answer = server.post(
        "/api/generate", model=server.model, prompt=prompt, stream=False, options=COLD, **more
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def tokens(builtin: Any) -> Any:
    """Return the function that writes a text as the model's tokens, the longest first."""
    shown = builtin.post("/api/show", model=builtin.model, verbose=True).json()
    vocabulary: list[str] = shown["model_info"]["tokenizer.ggml.tokens"]

    def tokens(text: str) -> list[int]:
        rest, found = text.replace(" ", "Ġ"), list[int]()
        while rest:
            longest = max((token for token in vocabulary if rest.startswith(token)), key=len)
            found.append(vocabulary.index(longest))
            rest = rest.removeprefix(longest)
        return found

    return tokens


@pytest.mark.parametrize("template", [OWN, OLD])
def test_the_models_own_template_in_gos_language_gives_its_own_answer(builtin: Any, template: str):
    plain, written = asked(builtin, ITALY), asked(builtin, ITALY, template=template)
    assert written["response"] == plain["response"]
    assert written["prompt_eval_count"] == plain["prompt_eval_count"]


def test_another_template_is_another_prompt(builtin: Any):
    answer = asked(builtin, "nothing", template=f"<|user|>{ITALY}<|end|><|assistant|>")
    assert "Rome" in answer["response"]


@pytest.mark.parametrize("template", [None, OWN, OLD])
def test_a_context_continues_with_a_template_and_without(builtin: Any, template: str | None):
    first = asked(builtin, ITALY, template=template)
    second = asked(builtin, FRANCE, template=template, context=first["context"])
    assert "Paris" in second["response"]
    assert "context" in second


@pytest.mark.parametrize("template", [None, OLD])
def test_a_context_of_another_server_is_the_models_tokens(builtin: Any, tokens: Any, template: str | None):
    went_before = tokens(f"<|user|>{ITALY}<|end|><|assistant|>The capital of Italy is Rome.<|end|>")
    answer = asked(builtin, FRANCE, context=went_before, template=template)
    assert "Paris" in answer["response"]
    assert answer["prompt_eval_count"] > len(went_before)
    assert "Madrid" in asked(builtin, "And of Spain?", context=answer["context"])["response"]


def test_a_foreign_context_that_is_too_long_loses_its_oldest_tokens(builtin: Any, tokens: Any):
    went_before = tokens(f"<|user|>{ITALY}<|end|><|assistant|>The capital of Italy is Rome.<|end|>")
    answer = asked(builtin, FRANCE, context=went_before * 100)
    assert "Paris" in answer["response"]


@pytest.mark.parametrize("context", [[-1], [10**6], [1, 2, -7]])
def test_numbers_that_are_no_tokens_are_refused(builtin: Any, context: list[int]):
    answer = builtin.post("/api/generate", model=builtin.model, prompt="x", context=context)
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("detokenize error: ")


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_where_a_template_means_nothing_it_is_not_read(server: Any, path: str):
    body = {"messages": [{"role": "user", "content": "x"}]} if path == "/api/chat" else {"prompt": ""}
    answer = server.post(path, model=server.model, template="{{ no template", stream=False, **body)
    assert answer.status_code == 200


@pytest.mark.parametrize("stream", [True, False])
def test_a_schema_holds_behind_a_foreign_context_too(builtin: Any, tokens: Any, stream: bool):
    answer = builtin.post(
        "/api/generate",
        model=builtin.model,
        prompt=ITALY,
        context=tokens("<|user|>Hello<|end|>"),
        format={"type": "boolean"},
        options=COLD,
        stream=stream,
    )
    assert "true" in answer.text or "false" in answer.text
    assert answer.status_code == 200
