"""The REST API by a client that nobody here wrote: npm's `openwhisk`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud, zipped

CLIENT = Path(__file__).with_name("openwhisk_client.mjs")
MODULES = Path(__file__).parents[1] / "node_modules"
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def node() -> str:
    """Node with OpenWhisk's client beside it."""
    found = shutil.which("node")
    if found is None or not (MODULES / "openwhisk").is_dir():
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("OpenWhisk's client must be tested, and there is no node or no tests/node_modules")
        pytest.skip("no node, or no tests/node_modules: run `python3 -m localops check` once")
    return found


@pytest.fixture(scope="module")
def package_name() -> str:
    return f"contract_{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def found(cloud: Cloud, node: str, package_name: str) -> dict[str, Any]:
    """Return the answers to the client's calls, by the names that openwhisk_client.mjs gives them."""
    code = zipped(
        {"__main__.py": "import word\ndef main(args): return {'word': word.X}\n", "word.py": "X = 7\n"}
    )
    done = subprocess.run(
        [node, str(CLIENT), package_name, code],
        env={**os.environ, "APIHOST": cloud.apihost, "AUTH": cloud.auth},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in pairs}


def test_it_finds_the_namespace_and_what_is_in_it(cloud: Cloud, found: dict[str, Any]):
    assert found["namespaces"] == [cloud.user]
    assert found["entities"] == ["actions", "packages", "triggers", "rules"]


def test_it_makes_lists_and_deletes_packages(found: dict[str, Any], package_name: str):
    assert values(found["package"]["parameters"]) == {"P": 1}
    assert found["packageExists"] == "409 resource already exists"
    assert package_name in found["packages"]
    assert {each["name"] for each in found["packageGot"]["actions"]} == {"npm", "zipped", "failing"}
    assert found["notEmpty"].startswith("409 Package not empty (contains 3 entities).")
    assert found["packageDeleted"] == package_name


def test_it_makes_updates_and_gets_actions(cloud: Cloud, found: dict[str, Any], package_name: str):
    assert values(found["created"]["parameters"]) == {"A": "a"}
    assert values(found["created"]["annotations"])["web-export"] is True
    assert found["exists"] == "409 resource already exists"
    assert (found["updated"]["version"], found["updated"]["limits"]["timeout"]) == ("0.0.2", 5000)
    assert values(found["got"]["parameters"]) == {"P": 1, "B": {"c": [1]}}
    assert values(found["got"]["annotations"])["web-export"] is True
    assert found["got"]["namespace"] == f"{cloud.user}/{package_name}"
    assert "def main" in found["got"]["exec"]["code"]
    assert "code" not in found["probed"]["exec"]
    assert found["zipped"]["exec"]["binary"] is True
    assert found["listed"] == ["failing", "zipped", "npm"]
    assert found["count"]["actions"] >= 3
    assert found["deleted"] == "npm"
    assert found["missing"] == "404 The requested resource does not exist."


def test_it_invokes_actions(found: dict[str, Any]):
    assert found["zipRan"] == {"word": 7}
    assert found["record"]["response"]["result"] == {"got": {"P": 1, "B": {"c": [1]}, "x": "ü"}}
    assert found["record"]["response"]["status"] == "success"
    assert found["result"]["got"]["x"] == 1
    assert list(found["started"]) == ["activationId"]
    assert found["failed"].startswith("502")


def test_it_reads_activations(found: dict[str, Any]):
    started = found["started"]["activationId"]
    assert found["activation"]["activationId"] == started
    assert found["activation"]["response"]["result"]["got"]["x"] == 2
    assert found["logs"]["logs"][0].endswith(" stdout: called")
    assert found["outcome"] == found["activation"]["response"]
    assert found["activations"][0]["activationId"] == started
    assert len(found["activations"]) == 2
    assert found["documents"][0]["logs"] == found["logs"]["logs"]
    assert found["counted"] == {"activations": 3}


def test_it_finds_no_triggers_and_no_rules(found: dict[str, Any]):
    assert (found["triggers"], found["rules"]) == ([], [])


def test_it_is_refused_with_a_wrong_key(found: dict[str, Any]):
    assert found["stranger"] == "401 The supplied authentication is invalid"
