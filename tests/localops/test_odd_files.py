"""One odd file in `packages/` is a problem of its action, reported once; everything else goes on."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from localops_process import PATIENCE_S, LocalopsProcess
from odd_files import MAIN, ODD_FILES, Make, file_in
from waiting import eventually

from localops.deployment.settings import Settings
from localops.inspector.inspection import action_summary
from localops.inspector.origins import variable_uses
from localops.model_host.wanted import wanted_models
from localops.project.folder import Project
from localops.project.scan import scan
from localops.project.syntax import syntax_problem
from localops.runtime.image_packages import missing_packages

WEB = "#--web true\ndef main(args): return {'body': 'fine'}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("odd", "good"):
        (tmp_path / "packages" / name).mkdir(parents=True)
    (tmp_path / "packages" / "good" / "fine.py").write_text(WEB)
    return Project(tmp_path)


@pytest.mark.parametrize(("name", "make", "sentence"), ODD_FILES.values(), ids=ODD_FILES)
def test_an_odd_file_is_the_problem_of_its_action_alone(
    project: Project, name: bytes, make: Make, sentence: str
):
    make(file_in(project.packages / "odd", name))
    (project.packages / "odd" / "sound.py").write_text(MAIN)
    found = scan(project, {})
    assert sorted(found.actions) == ["good/fine", "odd/sound"]
    assert len(found.problems) == bool(sentence)
    assert all(sentence in problem and len(problem) < 400 for problem in found.problems)
    assert all(problem.isprintable() for problem in found.problems)
    assert wanted_models(project) == ()


@pytest.mark.parametrize(("name", "make"), [each[:2] for each in ODD_FILES.values()], ids=ODD_FILES)
def test_an_odd_file_beside_the_main_file_of_an_action_hinders_nothing(
    project: Project, name: bytes, make: Make
):
    folder = project.packages / "odd" / "action"
    folder.mkdir()
    (folder / "__main__.py").write_text(WEB)
    make(file_in(folder, name))
    found = scan(project, {})
    assert (sorted(found.actions), found.problems) == (["good/fine", "odd/action"], [])
    action = found.actions["odd/action"].entity
    assert syntax_problem(action) is None or "cannot run" in str(syntax_problem(action))
    assert missing_packages(action.code) == []
    assert action_summary(action, "http://h")["canStream"] is False


ODD_ARGS = {
    name: each for name, each in ODD_FILES.items() if each[0] == b"a.py" and name != "another language's kind"
}


@pytest.mark.parametrize(("make", "sentence"), [each[1:] for each in ODD_ARGS.values()], ids=ODD_ARGS)
def test_an_odd_args_file_takes_its_package_alone_out_of_service(project: Project, make: Make, sentence: str):
    (project.packages / "odd" / "sound.py").write_text(MAIN)
    make(project.packages / "odd.args")
    found = scan(project, {})
    is_missing = sentence == "No such file or directory"  # a dangling link is not a file
    assert sorted(found.actions) == ["good/fine"] + ["odd/sound"] * is_missing
    assert [sentence in problem for problem in found.problems] == [True] * (not is_missing)


@pytest.mark.parametrize("name", [b"\xff", b"a\nb", b".hidden", "caffè".encode(), b"a" * 255])
def test_an_odd_package_is_named_or_passed_over_and_the_others_are_found(project: Project, name: bytes):
    folder = file_in(project.packages, name)
    folder.mkdir()
    (folder / "x.py").write_text(MAIN)
    found = scan(project, {})
    expected = ["good/fine"] if len(name) < 255 else [f"{'a' * 255}/x", "good/fine"]
    assert sorted(found.actions) == expected
    assert len(found.problems) == (not name.startswith((b".", b"aa")))


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("place", [".env", "packages/.env"])
def test_an_odd_env_file_is_not_waited_for(
    project: Project, caplog: pytest.LogCaptureFixture, place: str, make: Make
):
    make(project.folder / place)
    for _ in range(2):
        Settings(project, dict).variables()
        variable_uses(project, Settings(project, dict), {})
    assert [message for message in caplog.messages if "it is not a regular file" in message] == [
        f"{project.folder / place} cannot be used, so none of its variables count: it is not a regular file"
    ]


def test_a_value_of_the_environment_that_is_not_utf_8_does_not_count(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("ODD", os.fsdecode(b"caf\xe9"))
    assert "ODD" not in Settings(project, dict).variables()
    assert "the environment's 'ODD' is not UTF-8, so it does not count" in caplog.messages


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a project of 1,000 actions."""
    packages = tmp_path_factory.mktemp("large") / "packages"
    for number in range(1000):
        file = packages / f"p{number % 20}" / f"a{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WEB)
    return packages.parent


def answers(running: LocalopsProcess, action: str) -> bool:
    answer = httpx.post(f"{running.url}/api/my/{action}", json={}, timeout=PATIENCE_S)
    return answer.text == "fine"


def test_a_project_of_1000_actions_starts_and_goes_on_whatever_is_broken_in_it(large: Path):
    odd = {name: each for name, each in ODD_FILES.items() if each[2]}
    halves = [dict(list(odd.items())[:10]), dict(list(odd.items())[10:])]
    package_of = {name: large / "packages" / f"p{number % 20}" for number, name in enumerate(odd)}

    def break_some(half: dict[str, tuple[bytes, Make, str]]) -> None:
        for name, (file, make, _) in half.items():
            make(file_in(package_of[name], file))

    break_some(halves[0])
    with LocalopsProcess(project=large, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as running:
        for _, _, sentence in halves[0].values():
            assert eventually(lambda part=sentence: any(part in line for line in running.log)), sentence
        assert answers(running, "p0/a0")
        break_some(halves[1])
        for _, _, sentence in halves[1].values():
            assert eventually(lambda part=sentence: any(part in line for line in running.log)), sentence
        (large / "packages" / "p0" / "new.py").write_text(WEB)
        assert eventually(lambda: any("deployed: p0/new" in line for line in running.log))
        assert answers(running, "p0/new")
        assert answers(running, "p19/a999")
        told = [line for line in running.log if "is not deployed: " in line or "is not run here" in line]
        assert len(told) == len(set(line[9:] for line in told)) == len(odd)
        assert not any("Traceback" in line for line in running.log)
        assert running.stop() == 0
