"""The page's pure modules, tested by Node's own runner: one test here per file of `modules/`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "modules").glob("*.test.mjs"))


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None:
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("the page's modules must be tested, and there is no node on the PATH")
        pytest.skip("no node on the PATH: install Node.js 20 to test the page's modules")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_module_keeps_its_promises(node: str, file: Path) -> None:
    run = subprocess.run([node, "--test", str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 0" not in run.stdout
