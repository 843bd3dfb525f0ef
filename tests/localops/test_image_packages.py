"""Packages of the cloud's runtime that this machine lacks are there when an action imports them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import httpx
import pytest
from localops_process import LocalopsProcess

from localops.openwhisk.entities import Code
from localops.runtime.image_packages import PACKAGES, missing_packages

TIMEOUT_S = 60


def package(folder: Path, module: str) -> None:
    """Return a wheel of this name in a folder, of a module whose ANSWER is 42."""
    name = PACKAGES[module].replace("-", "_")
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{module}.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("import netifaces\n", ["netifaces"]),
        ("import kafka.errors as e, twisted\n", ["kafka-python", "twisted"]),
        ("def main(args):\n    from kafka import x\n", ["kafka-python"]),
        ("try:\n    import kafka\nexcept ImportError:\n    kafka = None\n", []),
        ("import json, requests, redis\nimport nobody_knows_this\n", []),
        ("from . import kafka\n", []),
        ("import kafka(\n", []),
        ("", []),
    ],
)
def test_what_an_action_imports_and_this_machine_lacks_is_found(
    tmp_path: Path, source: str, missing: list[str]
):
    file = tmp_path / "one.py"
    file.write_text(source)
    assert missing_packages(Code(file)) == missing


def test_a_module_of_the_action_itself_is_no_package(tmp_path: Path):
    (tmp_path / "__main__.py").write_text("import kafka, netifaces\n")
    (tmp_path / "kafka.py").write_text("import twisted\n")
    (tmp_path / "virtualenv").mkdir()
    (tmp_path / "virtualenv" / "other.py").write_text("import yaml\n")
    assert missing_packages(Code(tmp_path / "__main__.py", tmp_path)) == ["netifaces", "twisted"]


def test_an_edit_is_seen(tmp_path: Path):
    file = tmp_path / "one.py"
    file.write_text("import kafka\n")
    assert missing_packages(Code(file)) == ["kafka-python"]
    file.write_text("import netifaces\n")
    assert missing_packages(Code(file)) == ["netifaces"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    actions = tmp_path / "project" / "packages" / "p"
    (actions / "two").mkdir(parents=True)
    head = "#--web true\n"
    (actions / "one.py").write_text(
        f"{head}import netifaces\ndef main(args): return {{'body': netifaces.ANSWER}}\n"
    )
    (actions / "two" / "__main__.py").write_text(
        f"{head}import netifaces as n, kafka as k\ndef main(args): return {{'body': [n.ANSWER, k.ANSWER]}}\n"
    )
    (actions / "two" / "requirements.txt").write_text("kafka-python==1.0\n")
    return tmp_path / "project"


def test_a_package_of_the_runtime_is_installed_when_an_action_needs_it(project: Path, tmp_path: Path):
    for module in ("netifaces", "kafka"):
        package(tmp_path, module)
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    with LocalopsProcess(project=project, environment=environment) as server:
        answers = [httpx.get(f"{server.url}/api/my/p/{name}", timeout=TIMEOUT_S) for name in ("one", "two")]
        assert [answer.json() for answer in answers] == [42, [42, 42]]
        server.wait_for_line("installing netifaces (which one.py imports and the cloud's runtime has), once")


def test_without_a_network_it_is_said_what_is_missing(project: Path):
    with LocalopsProcess(project=project, environment={"PIP_NO_INDEX": "1"}) as server:
        answer = httpx.get(f"{server.url}/api/my/p/one", timeout=TIMEOUT_S)
        assert answer.status_code == 400
        assert "netifaces (which one.py imports and the cloud's runtime has)" in answer.json()["detail"]
        assert "connect this machine to the network" in answer.json()["detail"]
