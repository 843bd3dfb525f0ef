"""What a chat loads before it can answer, which the first caller of a process waits for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from localops.bootstrap import ROOT

# `dataclasses` brings `inspect`, a tenth of a cold start; `requests` costs as much as all the rest.
COSTLY = {"asyncio", "concurrent", "dataclasses", "inspect", "logging", "queue", "requests"}
# What only some messages need.
NOT_YET = {
    "chat.catalogue",
    "chat.greeting",
    "chat.health",
    "providers.images",
    "providers.azure",
    "providers.openai",
}
LOAD = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
file = sys.argv[1] + "/__main__.py"
exec(compile(open(file).read(), file, "exec"), {"__name__": "main__"})
print(*set(sys.modules) - before)
"""


@pytest.mark.parametrize("action", ["chat/stateless", "chat/assistant"])
def test_a_cold_chat_loads_nothing_costly_that_it_can_do_without(action: str):
    python = (sys.executable, "-I", "-B", "-c", LOAD, str(ROOT / "packages" / action))
    loaded = subprocess.run(python, check=True, capture_output=True, text=True).stdout.split()
    assert "mastro.streaming" in loaded
    assert COSTLY.union(f"mastro.{name}" for name in NOT_YET).isdisjoint(loaded)
