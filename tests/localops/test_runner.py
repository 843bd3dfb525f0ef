"""Processes of actions: which are kept, which are ended, and what an action may use."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_S

from localops.deployment.from_disk import Deployment
from localops.deployment.registry import Registry
from localops.deployment.settings import Settings
from localops.openwhisk.entities import Activation
from localops.project.folder import Project
from localops.runtime import process, runner
from localops.runtime.activations import Activations
from localops.runtime.requirements import Requirements
from localops.runtime.runner import Runner

PROCESS_ID = "import os\ndef main(args): return {'pid': os.getpid()}\n"
DEADLINE_S = 60


class Desk:
    """A project folder and what runs it, inside the test's own process."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)
        (folder / "packages" / "demo").mkdir(parents=True)
        requirements = Requirements(folder / "requirements")
        self.runner = Runner(Activations(), "http://localhost", "user:key", requirements)
        self.deployment = Deployment(self.project, Settings(self.project, dict), Registry(), self.runner)

    def write(self, name: str, text: str) -> None:
        file = self.project.packages / "demo" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.deployment.refresh()

    async def invoke(self, name: str, **arguments: Any) -> Activation:
        action = self.deployment.registry.actions[f"demo/{name}"]
        return await self.runner.invoke(action, arguments)


def run(folder: Path, test: Callable[[Desk], Awaitable[None]]) -> None:
    async def whole() -> None:
        desk = Desk(folder)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await test(desk)
        finally:
            await desk.runner.close()

    asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_serves_one_call_after_another(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("one.py", PROCESS_ID)
        pids = {(await desk.invoke("one")).result["pid"] for _ in range(5)}
        assert len(pids) == 1

    run(tmp_path, check)


def test_a_changed_action_gets_a_new_process_and_the_old_one_ends(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("one.py", PROCESS_ID)
        old = (await desk.invoke("one")).result["pid"]
        desk.write("one.py", PROCESS_ID + "# changed\n")
        assert (await desk.invoke("one")).result["pid"] != old
        await until(lambda: not is_running(old))

    run(tmp_path, check)


def test_a_call_that_is_under_way_when_its_action_changes_still_ends(tmp_path: Path):
    async def check(desk: Desk) -> None:
        body = "    print('begun')\n    time.sleep(0.5)\n    return {'version': 1}\n"
        desk.write("one.py", "import time\ndef main(args):\n" + body)
        under_way = asyncio.ensure_future(desk.invoke("one"))
        await until(lambda: any(each.logs for each in desk.runner.activations.recent))
        desk.write("one.py", "def main(args): return {'version': 2}\n")
        assert (await desk.invoke("one")).result == {"version": 2}
        assert (await under_way).result == {"version": 1}

    run(tmp_path, check)


def test_a_process_that_was_killed_while_idle_is_replaced(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("one.py", PROCESS_ID)
        first = (await desk.invoke("one")).result["pid"]
        [[waiting]] = desk.runner.idle.values()
        os.kill(first, 9)
        await asyncio.wait_for(waiting.process.wait(), PATIENCE_S)
        assert (await desk.invoke("one")).result["pid"] != first

    run(tmp_path, check)


def test_what_an_action_started_ends_with_it(tmp_path: Path):
    async def check(desk: Desk) -> None:
        source = "import subprocess\ndef main(args): return {'pid': subprocess.Popen(['sleep', '60']).pid}\n"
        desk.write("one.py", source)
        grandchild = (await desk.invoke("one")).result["pid"]
        desk.write("one.py", source + "# changed\n")
        await until(lambda: not is_running(grandchild))

    run(tmp_path, check)


def test_a_single_file_cannot_import_what_is_not_deployed_with_it(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("neighbour.py", "X = 1\n")
        desk.write("one.py", "import neighbour\ndef main(args): return {}\n")
        activation = await desk.invoke("one")
        assert activation.status == "action developer error"
        assert any("No module named 'neighbour'" in line.text for line in activation.logs)

    run(tmp_path, check)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("None", process.NOT_A_DICTIONARY_TEXT),
        ("'text'", process.NOT_A_DICTIONARY_TEXT),
        ("{'x': object()}", process.EXITED_TEXT),
        ("{'x': '\\ud800'}", process.EXITED_TEXT),
        ("__import__('sys').exit(1)", process.EXITED_TEXT),
    ],
)
def test_a_bad_result_is_the_developers_error_and_the_next_call_works(tmp_path: Path, value: str, error: str):
    async def check(desk: Desk) -> None:
        desk.write("one.py", f"def main(args): return {value} if args.get('bad') else {{'fine': True}}\n")
        bad = await desk.invoke("one", bad=True)
        assert (bad.status, bad.result) == ("action developer error", {"error": error})
        assert (await desk.invoke("one")).result == {"fine": True}

    run(tmp_path, check)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{'x': datetime.datetime.now()}", "TypeError: Object of type datetime is not JSON serializable"),
        ("{'x': b'x'}", "TypeError: Object of type bytes is not JSON serializable"),
        ("{'x': {1}}", "TypeError: Object of type set is not JSON serializable"),
        ("{(1, 2): 3}", "TypeError: keys must be str, int, float, bool or None, not tuple"),
        ("{'x': '\\ud800'}", "UnicodeEncodeError: 'utf-8' codec can't encode character"),
        ("{'x': 10 ** 5000}", "ValueError: Exceeds the limit (4300 digits)"),
        ("(lambda x: x.append(x) or x)([])", "ValueError: Circular reference detected"),
    ],
)
def test_a_result_that_is_not_json_says_why_in_the_log(tmp_path: Path, value: str, reason: str):
    async def check(desk: Desk) -> None:
        desk.write("one.py", f"import datetime\ndef main(args): return {value}\n")
        activation = await desk.invoke("one")
        assert activation.result == {"error": process.EXITED_TEXT}
        assert activation.logs[-1].text.startswith(reason)

    run(tmp_path, check)


SQUARES = """import multiprocessing
def square(number): return number * number
def main(args):
    with multiprocessing.get_context(args["how"]).Pool(2) as pool:
        return {"squares": pool.map(square, [1, 2, 3])}
"""


@pytest.mark.parametrize("how", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("file", ["one.py", "one/__main__.py"])
def test_an_action_can_use_multiprocessing_however_it_starts_processes(tmp_path: Path, file: str, how: str):
    async def check(desk: Desk) -> None:
        desk.write(file, SQUARES)
        activation = await desk.invoke("one", how=how)
        assert activation.result == {"squares": [1, 4, 9]}, activation.logs

    run(tmp_path, check)


def test_of_many_calls_at_once_few_processes_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "MAX_IDLE_BEYOND_S", 0.2)
    monkeypatch.setattr(runner, "MAX_IDLE", 2)

    async def check(desk: Desk) -> None:
        desk.write("one.py", PROCESS_ID)
        calls = await asyncio.gather(*(desk.invoke("one") for _ in range(6)))
        pids = {call.result["pid"] for call in calls}
        assert len(pids) > 2
        looking = asyncio.create_task(desk.runner.look_after())
        await until(lambda: sum(map(is_running, pids)) == 2)
        assert (await desk.invoke("one")).result["pid"] in pids
        looking.cancel()

    run(tmp_path, check)


def test_an_array_is_a_result(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("one.py", "def main(args): return [1, 2]\n")
        assert (await desk.invoke("one")).result == [1, 2]

    run(tmp_path, check)


def test_the_deadline_is_the_time_limit_from_the_beginning_of_the_call(tmp_path: Path):
    async def check(desk: Desk) -> None:
        source = (
            "#--timeout 5000\nimport os\ndef main(args): return {'deadline': os.environ['__OW_DEADLINE']}\n"
        )
        desk.write("one.py", source)
        await desk.invoke("one")
        begun_ms = time.time() * 1000
        activation = await desk.invoke("one")
        limit_ms = int(activation.result["deadline"]) - 5000
        # The deadline has no parts of a millisecond.
        assert begun_ms - 1 <= limit_ms <= time.time() * 1000

    run(tmp_path, check)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is measured on Linux only")
def test_an_action_that_uses_more_memory_than_its_limit_is_ended(tmp_path: Path):
    async def check(desk: Desk) -> None:
        fill = "    kept = bytearray(200_000_000)\n    time.sleep(30)\n    return {'kept': len(kept)}\n"
        desk.write("one.py", "#--memory 128\nimport time\ndef main(args):\n" + fill)
        looking = asyncio.create_task(desk.runner.look_after())
        activation = await desk.invoke("one")
        looking.cancel()
        assert activation.result == {"error": process.OUT_OF_MEMORY_TEXT}

    run(tmp_path, check)


def test_an_idle_process_is_ended_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "MAX_IDLE_S", 0.2)

    async def check(desk: Desk) -> None:
        desk.write("one.py", PROCESS_ID)
        pid = (await desk.invoke("one")).result["pid"]
        looking = asyncio.create_task(desk.runner.look_after())
        await until(lambda: not is_running(pid))
        looking.cancel()

    run(tmp_path, check)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Provide a package that no index has, as a file that pip can install without a network."""
    file = tmp_path / "wheels" / "only_in_requirements-1.0-py3-none-any.whl"
    file.parent.mkdir()
    info = "only_in_requirements-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("only_in_requirements.py", "ANSWER = 42\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: only-in-requirements\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


def test_the_packages_of_requirements_txt_are_installed_once_for_who_asks_for_them(
    tmp_path: Path, wheel: Path
):
    async def check(desk: Desk) -> None:
        source = (
            "import only_in_requirements as it\ndef main(args): return {'is': it.ANSWER, 'at': it.__file__}\n"
        )
        for name in ("one", "two"):
            desk.write(f"{name}/__main__.py", source)
            desk.write(f"{name}/requirements.txt", f"{wheel}\n")
        first, second = [(await desk.invoke(name)).result for name in ("one", "two")]
        assert first == second
        assert first["is"] == 42

    run(tmp_path / "project", check)


def test_a_single_file_finds_itself_alone_and_its_trace_names_the_projects_file(tmp_path: Path):
    async def check(desk: Desk) -> None:
        desk.write("other.py", "def main(args): return {}\n")
        desk.write(
            "one.py",
            "import os\ndef main(args):\n"
            "    print(open(__file__).read(), os.listdir(os.path.dirname(__file__)))\n    raise ValueError\n",
        )
        log = "\n".join(line.text for line in (await desk.invoke("one")).logs)
        assert "['main__.py']" in log
        assert "import os" in log
        assert f'File "{desk.project.packages / "demo" / "one.py"}", line 4, in main' in log

    run(tmp_path, check)


def test_a_place_in_requirements_txt_is_looked_for_beside_it(tmp_path: Path, wheel: Path):
    async def check(desk: Desk) -> None:
        desk.write("one/requirements.txt", f"./vendored/{wheel.name}\n")
        shutil.copytree(wheel.parent, desk.project.packages / "demo" / "one" / "vendored")
        desk.write(
            "one/__main__.py", "import only_in_requirements as it\ndef main(args): return {'is': it.ANSWER}\n"
        )
        assert (await desk.invoke("one")).result == {"is": 42}

    run(tmp_path / "project", check)


BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    open("left-behind", "w").close()
    name, info = "in_a_folder-1.0-py3-none-any.whl", "in_a_folder-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as archive:
        archive.write("in_a_folder.py")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: in-a-folder\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def write_source_folder(folder: Path, source: str, backend: str = BACKEND) -> None:
    """Write a package that builds itself, so that nothing is asked of a network."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("in_a_folder.py", source), ("backend.py", backend), ("pyproject.toml", PYPROJECT)):
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("named", "place"),
    [("./vendored", "one/vendored"), ("vendored/  # ours", "one/vendored"), ("../shared", "shared")],
)
def test_a_source_folder_in_requirements_txt_is_built_in_a_copy_and_anew_after_an_edit(
    tmp_path: Path, named: str, place: str
):
    async def check(desk: Desk) -> None:
        folder = desk.project.packages / "demo" / place
        write_source_folder(folder, "ANSWER = 1\n")
        desk.write("one/requirements.txt", f"{named}\n")
        source = "import in_a_folder as it\ndef main(args): return {'is': it.ANSWER}\n"
        desk.write("one/__main__.py", source)
        assert (await desk.invoke("one")).result == {"is": 1}
        write_source_folder(folder, "ANSWER = 1_000\n")
        desk.write("one/__main__.py", source + "# as a watcher would see an edit below the action alone\n")
        assert (await desk.invoke("one")).result == {"is": 1000}
        assert sorted(os.listdir(folder)) == ["backend.py", "in_a_folder.py", "pyproject.toml"]

    run(tmp_path, check)


def test_the_same_words_in_two_folders_are_two_packages(tmp_path: Path):
    async def check(desk: Desk) -> None:
        for number, name in enumerate(("one", "two")):
            write_source_folder(desk.project.packages / "demo" / name / "vendored", f"ANSWER = {number}\n")
            desk.write(f"{name}/requirements.txt", "./vendored\n")
            desk.write(
                f"{name}/__main__.py", "import in_a_folder as it\ndef main(args): return {'is': it.ANSWER}\n"
            )
        assert [(await desk.invoke(name)).result for name in ("one", "two")] == [{"is": 0}, {"is": 1}]

    run(tmp_path, check)


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("raise RuntimeError('no compiler here')", "RuntimeError: no compiler here"),
        ("", "AttributeError: module 'backend' has no attribute 'build_wheel'"),
        (None, "Directory './vendored' is not installable"),
    ],
)
def test_a_source_folder_that_cannot_be_built_says_why(tmp_path: Path, backend: str | None, reason: str):
    async def check(desk: Desk) -> None:
        place = desk.project.packages / "demo" / "one" / "vendored"
        write_source_folder(place, "", backend or "")
        if backend is None:
            (place / "pyproject.toml").unlink()
        desk.write("one/requirements.txt", "./vendored\n")
        desk.write("one/__main__.py", "def main(args): return {}\n")
        error = (await desk.invoke("one")).result["error"]
        assert error.startswith("one/requirements.txt could not be installed: ")
        assert reason in error

    run(tmp_path, check)


def test_packages_that_cannot_be_installed_are_named_and_tried_again(tmp_path: Path, wheel: Path):
    async def check(desk: Desk) -> None:
        desk.write("one/__main__.py", "import only_in_requirements\ndef main(args): return {'fine': True}\n")
        desk.write("one/requirements.txt", "./no-such-file-1.0-py3-none-any.whl\n")
        failed = await desk.invoke("one")
        assert "one/requirements.txt could not be installed" in failed.result["error"]
        desk.write("one/requirements.txt", f"{wheel}\n")
        assert (await desk.invoke("one")).result == {"fine": True}

    run(tmp_path / "project", check)
