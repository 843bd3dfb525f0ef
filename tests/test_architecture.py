"""Dependencies point one way; this walks the imports and says where one does not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What the OpenServerless Python runtime image ships and the actions may import.
RUNTIME_IMAGE = {"requests", "bcrypt", "chevron", "chess", "redis"}
# From the surfaces inwards: a module imports only what stands after its own layer, or in it.
LAYERS = [
    ("cli",),
    ("up", "check", "commands"),
    ("app", "watcher", "guard", "hosts", "listening", "http_protocol"),
    ("routes",),
    ("activity", "deployment", "replay", "stream_session"),
    ("redeployment",),
    ("deployed_file",),
    ("runner", "registry", "model_host", "redis_host", "redis_server", "redis_process", "s3"),
    ("entity_update", "uploads"),
    ("collection",),
    ("activations", "inspection", "origins", "stream_examiner", "stream_warnings"),
    ("process", "project", "streamer", "web_action"),
    ("put_content", "archive", "entity_json", "login_answer"),
    ("directives", "config", "credentials", "http_answer", "limit_bounds", "request_content"),
    ("media_type", "kinds", "entity_name", "base64_text", "private_file"),
    ("debugging", "framing", "stream_rules"),
    ("entities", "errors", "bootstrap", "json_objects", "loop_delay", "masking", "stream_recording"),
]
DEPTH = {name: depth for depth, names in enumerate(LAYERS) for name in names}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> int | None:
    parts = module.split(".")
    return DEPTH.get(parts[1]) if parts[0] == "localops" and len(parts) > 1 else None


@pytest.mark.parametrize("file", sorted(ROOT.glob("packages/*/**/*.py")), ids=lambda file: str(file.name))
def test_an_action_imports_only_its_own_folder_and_the_runtime_image(file: Path):
    siblings = (
        {each.stem for each in file.parent.glob("*.py")} if (file.parent / "__main__.py").exists() else set()
    )
    allowed = sys.stdlib_module_names | RUNTIME_IMAGE | siblings
    assert {name.split(".")[0] for name in imported(file)} <= allowed


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("localops/**/*.py")), ids=lambda file: str(file.relative_to(ROOT))
)
def test_localops_imports_only_inwards(file: Path):
    own = layer(".".join(file.relative_to(ROOT).with_suffix("").parts))
    for name in imported(file):
        found = layer(name)
        assert own is None or found is None or found >= own, f"{file.name} imports {name}"
        assert not name.startswith("packages")
