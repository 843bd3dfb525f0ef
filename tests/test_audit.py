"""The audit of the locked packages: it fails on a finding, and never because of the network."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent
AUDIT = ROOT / ".ci" / "audit.py"
SOUND = {"name": "a", "version": "1", "vulns": []}
KNOWN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found"}
FOUND = {"vulnerabilities": {"left-pad": {"severity": "high", "range": "<1.2"}}}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", AUDIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "lines"),
    [
        ([SOUND], ["lock: no known vulnerability"]),
        ([SOUND, KNOWN], ["lock: VULNERABLE: b 2: PYSEC-1, mended in 3"]),
        ([SOUND, UNKNOWN], ["lock: skipped: 1 of 2 packages: Dependency not found"]),
        (
            [UNKNOWN, {**KNOWN, "vulns": [{"id": "PYSEC-2", "fix_versions": []}]}],
            [
                "lock: VULNERABLE: b 2: PYSEC-2, mended in no version yet",
                "lock: skipped: 1 of 2 packages: Dependency not found",
            ],
        ),
    ],
)
def test_what_pip_audit_finds_is_told(audit: Any, packages: list[object], lines: list[str]):
    report = audit.of_pip_audit(json.dumps({"dependencies": packages, "fixes": []}), "")
    assert list(report.lines("lock")) == lines


@pytest.mark.parametrize(
    ("output", "errors", "line"),
    [
        (json.dumps({"vulnerabilities": {}}), "", "lock: no known vulnerability"),
        (json.dumps(FOUND), "", "lock: VULNERABLE: left-pad <1.2: high"),
        (
            json.dumps({"message": "405 Method Not Allowed"}),
            "npm error",
            "lock: skipped: 405 Method Not Allowed",
        ),
        ("", "npm error\nnpm error network down", "lock: skipped: npm error network down"),
        ("", "", "lock: skipped: npm gave no result"),
    ],
)
def test_what_npm_finds_is_told(audit: Any, output: str, errors: str, line: str):
    assert list(audit.of_npm_audit(output, errors).lines("lock")) == [line]


def test_an_audit_that_gave_no_result_is_no_finding(audit: Any):
    report = audit.of_pip_audit("", "Traceback\nConnectionError: no route\n")
    assert list(report.lines("lock")) == ["lock: skipped: ConnectionError: no route"]


def run(folder: Path, npm_says: object) -> subprocess.CompletedProcess[str]:
    """Run the audit where no package index answers, and an `npm` says what it is told to."""
    npm = folder / "npm"
    npm.write_text(f"#!{shutil.which('sh')}\ncat <<'END'\n{json.dumps(npm_says)}\nEND\nexit 1\n")
    npm.chmod(0o755)
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1"}
    return subprocess.run(
        [sys.executable, AUDIT],
        env={**os.environ, **offline, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
    )


def test_without_a_network_it_says_so_and_passes(tmp_path: Path):
    done = run(tmp_path, {"message": "request to the registry failed"})
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["skipped"] * len(lines)
    assert {line.split(": ")[0] for line in lines} == {
        "package-lock.json",
        *(file.name for file in (ROOT / "requirements").glob("*.txt")),
    }


def test_a_finding_fails_it(tmp_path: Path):
    done = run(tmp_path, FOUND)
    assert (done.returncode, done.stderr) == (1, "")
    assert "package-lock.json: VULNERABLE: left-pad <1.2: high" in done.stdout
