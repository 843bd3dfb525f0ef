"""What goes out to OpenAI and to Azure, field by field beside what Semantic Kernel sends.

It brings 70 packages, some of which contradict those of the tests, so it is another interpreter that has it:
SEMANTIC_KERNEL_PYTHON names that. Without the variable these tests are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.scripted.openai_server import OpenAIServer, streamed_answer

pytestmark = pytest.mark.semantic_kernel

CLIENT = Path(__file__).with_name("semantic_kernel_client.py")
KEY = "key-of-semantic-kernel"
DEADLINE_S = 120
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "1"},
    {"role": "user", "content": "two"},
]
OPTIONS = {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9}


@pytest.mark.parametrize("options", [{}, OPTIONS])
@pytest.mark.parametrize("kind", ["openai", "azure"])
def test_a_question_is_semantic_kernels(
    load_action: Any,
    tls_front: Any,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    options: Mapping[str, Any],
):
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        OpenAIServer(streamed_answer("Rome.")) as server,
        tls_front(int(server.host.rpartition(":")[2])) as front,
    ):
        address = front.host if kind == "azure" else server.url
        words = [kind, address, KEY, json.dumps(MESSAGES), json.dumps(options)]
        theirs = subprocess.run(
            [os.environ["SEMANTIC_KERNEL_PYTHON"], CLIENT, *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        assert theirs.stdout.strip() == "Rome."
        args = {"input": "two", "history": MESSAGES[:-1], "options": options, **settings_of(kind, address)}
        assert load_action("chat/assistant").main(args)["body"]["output"] == "Rome."
        client_sent, we_sent = server.questions
    assert we_sent.path == client_sent.path
    assert we_sent.body == client_sent.body
    header = "api-key" if kind == "azure" else "authorization"
    assert we_sent.headers[header] == client_sent.headers[header]


def settings_of(kind: str, address: str) -> dict[str, str]:
    if kind == "openai":
        return {"BASE_URL": address, "API_KEY": KEY, "MODEL": "m"}
    return {
        "AZURE_OPENAI_ENDPOINT": address,
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "m",
        "AZURE_OPENAI_API_VERSION": "2024-10-21",
    }
