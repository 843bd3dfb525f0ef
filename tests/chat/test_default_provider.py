"""Which of several model servers answers by default, and which of them gets the model that MODEL names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PLACES = {
    "ollama": {"OLLAMA_HOST": "127.0.0.1"},
    "foundry": {"FOUNDRY_HOST": "127.0.0.1:5273"},
    "openai": {"BASE_URL": "http://127.0.0.1:8080/v1"},
    "azure": {"AZURE_OPENAI_ENDPOINT": "https://a.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "my-gpt"},
}


@pytest.mark.parametrize(
    ("names", "model", "expected"),
    [
        ("", "", "ollama/"),
        ("ollama", "", "ollama/llama3.1:8b"),
        ("ollama", "gemma3:4b", "ollama/gemma3:4b"),
        ("azure openai foundry ollama", "", "ollama/llama3.1:8b"),
        ("azure openai foundry", "phi-4-mini", "foundry/phi-4-mini"),
        ("azure openai", "gpt-oss", "openai/gpt-oss"),
        ("openai", "meta-llama/llama-3.1-8b", "openai/meta-llama/llama-3.1-8b"),
        # Before a slash stands who answers.
        ("azure openai foundry ollama", "foundry/phi-4-mini", "foundry/phi-4-mini"),
        ("azure ollama", "azure/", "azure/my-gpt"),
        ("openai foundry", "openai/meta-llama/llama-3.1-8b", "openai/meta-llama/llama-3.1-8b"),
        ("foundry openai ollama", "ollama/gemma3:4b", "ollama/gemma3:4b"),
        # Only where it is set up.
        ("ollama", "foundry/phi-4-mini", "ollama/llama3.1:8b"),
    ],
)
def test_model_names_who_answers(
    shared: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, names: str, model: str, expected: str
):
    monkeypatch.delenv("OLLAMA_HOST")
    settings = {"MODEL": model, **{key: text for name in names.split() for key, text in PLACES[name].items()}}
    providers = shared("providers.configured").Providers(settings)
    assert f"{providers.default}/{providers.default_model}" == expected
    assert sorted(providers.names) == sorted(names.split() or ["ollama"])
