"""Which variable and which layer a value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from localops.deployment.settings import Settings
from localops.inspector.origins import of_arguments, variable_uses, variables_of_parameters
from localops.openwhisk.entities import Action, Activation, Code
from localops.project.folder import Project
from localops.project.variables import Variable

SOURCE = '#--web true\n#--param HOST "$OLLAMA_HOST"\n#--param BOTH "${ONE}-$TWO"\n#--param FIXED x\n'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (SOURCE, {"HOST": ["OLLAMA_HOST"], "BOTH": ["ONE", "TWO"]}),
        ('# --param A "$B"\n', {"A": ["B"]}),
        ('#--param A "${B:-default}"\n', {"A": ["B"]}),
        ("#--param A '$B'\n", {}),
        ("#--param A $B\n#--timeout $LIMIT\n", {}),
        ("def main(args): return {'$A': 1}\n", {}),
        ("", {}),
    ],
)
def test_the_variables_of_a_parameter_are_those_that_its_line_expands(
    source: str, expected: dict[str, list[str]]
):
    assert variables_of_parameters(source) == expected


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "packages" / "p").mkdir(parents=True)
    (tmp_path / "packages" / "p" / "a.py").write_text(SOURCE)
    (tmp_path / "packages" / "p.args").write_text('--param KEY x\n#--param SHARED "$TWO"\n')
    (tmp_path / "packages" / ".env").write_text("OLLAMA_HOST=packages\nUNUSED=1\n")
    (tmp_path / ".env").write_text("OLLAMA_HOST=root\nONE=1\n")
    return Project(tmp_path)


def action(project: Project) -> Action:
    parameters = {"HOST": "packages", "BOTH": "1-2", "FIXED": "x", "SHARED": "2"}
    return Action("p", "a", "python:3", Code(project.packages / "p" / "a.py"), parameters)


def test_each_argument_of_an_activation_has_its_origin(project: Project):
    variables = {"OLLAMA_HOST": Variable("packages", "packages/.env"), "ONE": Variable("1", ".env")}
    arguments = {
        **action(project).parameters,
        "input": "hi",
        "HOST": "mine",
        "__ow_path": "",
        "STREAM_PORT": "1",
    }
    assert of_arguments(project, variables, Activation(action(project), arguments)) == {
        "HOST": "the caller",
        "BOTH": "ONE from .env, TWO from nowhere: it is not set (packages/p/a.py)",
        "FIXED": "a parameter of the action",
        "SHARED": "TWO from nowhere: it is not set (packages/p.args)",
        "input": "the caller",
        "__ow_path": "the HTTP request",
        "STREAM_PORT": "the streamer",
    }


def test_an_action_that_came_over_rest_has_no_lines_to_look_at(project: Project, tmp_path: Path):
    elsewhere = Action("q", "b", "python:3", Code(tmp_path / "uploads" / "b.py"), {"X": 1})
    assert of_arguments(project, {}, Activation(elsewhere, {"X": 1})) == {"X": "a parameter of the action"}


def test_variables_are_told_with_the_layers_that_lost(project: Project, monkeypatch: pytest.MonkeyPatch):
    for name in ("OLLAMA_HOST", "ONE", "TWO", "UNUSED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TWO", "2")
    settings = Settings(project, lambda: {"OPSDEV_HOST": "h"})
    found = {use.name: use for use in variable_uses(project, settings, {"p/a": action(project)})}
    assert set(found) == {"OLLAMA_HOST", "ONE", "TWO", "UNUSED", "OPSDEV_HOST"}
    host = found["OLLAMA_HOST"]
    assert (host.value, host.source, host.overruled) == ("packages", "packages/.env", [".env"])
    assert (found["TWO"].source, found["TWO"].used_by) == ("environment", ["p/a", "packages/p.args"])
    assert (found["UNUSED"].used_by, found["OPSDEV_HOST"].source) == ([], "login")


def test_a_variable_that_is_set_nowhere_is_told_too(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TWO", raising=False)
    uses = variable_uses(project, Settings(project, dict), {"p/a": action(project)})
    (two,) = [use for use in uses if use.name == "TWO"]
    assert (two.value, two.source) == ("", "")
