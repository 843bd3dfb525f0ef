"""Which actions a project folder holds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from localops.deployment.registry import Registry
from localops.errors import StartError
from localops.project.folder import Project
from localops.project.scan import scan
from localops.project.syntax import syntax_problem
from localops.project.variables import layers, read_env_file


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "packages" / "chat").mkdir(parents=True)
    return Project(tmp_path)


def write(project: Project, path: str, text: str = "def main(args): return {}\n") -> Path:
    file = project.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_folders_with_a_main_and_single_files_are_actions(project: Project):
    write(project, "packages/chat/one/__main__.py")
    write(project, "packages/chat/two.py")
    write(project, "packages/chat/no_main/other.py")
    write(project, "packages/not_in_a_package.py")
    write(project, "packages/chat/deep/er/__main__.py")
    assert sorted(scan(project, {}).actions) == ["chat/one", "chat/two"]


def test_a_name_ends_at_the_first_dot(project: Project):
    write(project, "packages/chat/two.old.py")
    assert list(scan(project, {}).actions) == ["chat/two"]


def test_parameters_of_the_package_stand_below_those_of_the_action(project: Project):
    write(project, "packages/chat.args", "#--param A package\n#--param B package\n")
    write(project, "packages/chat/two.py", "#--param B action\n")
    registry = Registry()
    registry.deploy(scan(project, {}))
    action = registry.find("chat", "two")
    assert action is not None
    assert action.parameters == {"A": "package", "B": "action"}


@pytest.mark.parametrize(
    ("path", "text", "part"),
    [
        ("packages/chat/two.py", "#--param X\n", "chat/two is not deployed: --param has no value"),
        ("packages/chat/page.js", "", "packages/chat/page.js is not run here"),
        ("packages/chat/one/index.js", "", "packages/chat/one/index.js is not run here"),
        ("packages/chat/two.py", "#--kind nodejs:20\n", "its kind nodejs:20 is not Python"),
        ("packages/chat.args", "#--param X\n", "packages/chat.args: --param has no value"),
        ("packages/default/two.py", "", "packages/default is not deployed"),
    ],
)
def test_what_cannot_run_is_named_and_the_rest_is_found(project: Project, path: str, text: str, part: str):
    write(project, "packages/other/fine.py")
    write(project, path, text)
    found = scan(project, {})
    assert list(found.actions) == ["other/fine"]
    assert len(found.problems) == 1
    assert part in found.problems[0]


def test_an_action_for_a_container_image_runs_as_plain_python_and_says_so(project: Project):
    write(project, "packages/chat/two.py", "#--docker some/image\n")
    found = scan(project, {})
    assert found.actions["chat/two"].entity.kind == "blackbox"
    assert found.actions["chat/two"].entity.image == "some/image"
    assert found.problems == ["chat/two runs as plain Python here, not in its container image"]


def test_every_edit_of_a_file_of_the_action_gives_a_new_version(project: Project):
    main = write(project, "packages/chat/one/__main__.py")
    registry = Registry()
    registry.deploy(scan(project, {}))
    assert registry.deploy(scan(project, {})) == []
    write(project, "packages/chat/one/helper.py", "X = 1\n")
    assert registry.deploy(scan(project, {})) == ["chat/one"]
    assert registry.actions["chat/one"].version == "0.0.2"
    main.unlink()
    assert registry.deploy(scan(project, {})) == ["chat/one"]
    assert list(registry) == []


def test_a_changed_variable_gives_a_new_version(project: Project):
    write(project, "packages/chat/two.py", '#--param A "$A"\n')
    registry = Registry()
    registry.deploy(scan(project, {"A": "1"}))
    assert registry.deploy(scan(project, {"A": "2"})) == ["chat/two"]


def test_variables_of_the_login_beat_the_environment_and_that_beats_the_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    write(project, ".env", "A=file\nB=file\nC=file\nD=file\n")
    write(project, "packages/.env", "B=packages\nC=packages\nD=packages\n")
    monkeypatch.setenv("C", "environment")
    monkeypatch.setenv("D", "environment")
    found = layers(project, {"D": "login"})
    assert [(found[name].value, found[name].source) for name in "ABCD"] == [
        ("file", ".env"),
        ("packages", "packages/.env"),
        ("environment", "environment"),
        ("login", "login"),
    ]


@pytest.mark.parametrize(
    ("content", "expected", "told"),
    [
        (b"A=1\nB='two'\nexport C=3\n# D=4\nE\n", {"A": "1", "B": "two", "C": "3"}, ""),
        (b'A="open\nB=2\nno line\n', {"B": "2"}, ".env line 1 is not NAME=VALUE, or misses a quote"),
        (
            b"A=\xff\n",
            {},
            ".env cannot be used, so none of its variables count: it is not text in UTF-8 (byte 3)",
        ),
    ],
)
def test_what_of_an_env_file_makes_no_sense_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes, expected: dict[str, str], told: str
):
    (tmp_path / ".env").write_bytes(content)
    assert [read_env_file(tmp_path / ".env") for _ in range(2)] == [expected, expected]
    assert [told in message for message in caplog.messages][:1] == ([True] if told else [])
    assert len(caplog.messages) == len(set(caplog.messages))


def test_a_folder_without_packages_is_refused_with_what_to_do(tmp_path: Path):
    with pytest.raises(StartError, match=r"has no folder packages/.*--project"):
        Project(tmp_path).check()
    with pytest.raises(StartError, match=r"there is no folder .*none; name a MastroGPT project"):
        Project(tmp_path / "none").check()


def test_a_place_where_nothing_can_be_kept_is_named(tmp_path: Path):
    (tmp_path / ".localops").write_text("in the way")
    with pytest.raises(StartError, match=r"keeps its keys in .*/\.localops and cannot write there: File"):
        Project(tmp_path).make_private()


def test_a_file_that_is_gone_when_it_is_read_is_named_and_the_rest_is_found(project: Project):
    write(project, "packages/chat/fine.py")
    (project.packages / "chat" / "gone.py").symlink_to("nowhere.py")
    found = scan(project, {})
    assert list(found.actions) == ["chat/fine"]
    assert len(found.problems) == 1
    assert "chat/gone is not deployed: No such file" in found.problems[0]


@pytest.mark.parametrize(
    ("source", "part"), [("def main(:\n", "two.py line 1"), ("x = '\0'\n", "two.py"), ("x = 1\n", None)]
)
def test_the_first_syntax_error_is_a_sentence(project: Project, source: str, part: str | None):
    write(project, "packages/chat/two.py", source)
    problem = syntax_problem(scan(project, {}).actions["chat/two"].entity)
    assert problem is None if part is None else problem is not None and part in problem


def test_what_only_a_newer_python_can_read_is_said_so(project: Project):
    write(project, "packages/chat/two.py", 'd = {}\nx = f"{d["a"]}"\n')
    problem = syntax_problem(scan(project, {}).actions["chat/two"].entity)
    if sys.version_info >= (3, 12):
        assert problem is None
    else:
        assert problem is not None
        assert "the cloud runs it with Python 3.12, localops runs on 3.11" in problem
