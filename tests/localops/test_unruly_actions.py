"""Actions that end, return or leave behind what they should not: each is answered, the next call works."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from cloud import WEB, Cloud, cloud_of
from localops_process import LocalopsProcess
from process_figures import needs_proc
from waiting import eventually

TIME_LIMIT_S = 5
DAEMON_S = 20
LIMITS = {"timeout": TIME_LIMIT_S * 1000, "memory": 128, "logs": 1}
SOURCE = """
import asyncio, ctypes, io, json, os, shutil, signal, subprocess, sys, threading, time, warnings

class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def ends():
    raise SystemExit("enough of this")

def forever():
    while True:
        time.sleep(1)

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(DAEMON_S)
        os._exit(0)
    os.wait()

def deep(levels):
    value = {}
    for _ in range(levels):
        value = {"a": value}
    return value

async def later():
    return {}

def bad():
CODE

def main(args):
    return bad() if args.get("bad") else {"fine": True}
""".replace("DAEMON_S", str(DAEMON_S))
SUCCESS, APPLICATION, DEVELOPER = "success", "application error", "action developer error"
EXITED = (DEVELOPER, {"error": "command exited"})
NO_OBJECT = (DEVELOPER, {"error": "The action did not return a dictionary or array."})
TOO_LONG = (
    DEVELOPER,
    {"error": f"The action exceeded its time limits of {TIME_LIMIT_S * 1000} milliseconds."},
)
TOO_LARGE = (DEVELOPER, {"error": "The action exhausted its memory and was aborted."})
FINE = (SUCCESS, {"fine": True})
# name: what `bad` does, and what becomes of the activation.
CASES: dict[str, tuple[str, tuple[str, object]]] = {
    "os._exit": ("os._exit(0)", EXITED),
    "sys.exit": ("sys.exit()", EXITED),
    "SystemExit with a sentence": ("ends()", EXITED),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", EXITED),
    "killed by itself": ("os.kill(os.getpid(), signal.SIGKILL)", EXITED),
    "killed with its group": ("os.killpg(os.getpgrp(), signal.SIGKILL)", EXITED),
    "ended by SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM); forever()", EXITED),
    "a crash": ("ctypes.string_at(0)", EXITED),
    "an exit with a thread that goes on": ("threading.Thread(target=forever).start(); sys.exit()", EXITED),
    "an exit with a copy that goes on": ("os.fork() and os._exit(1); forever()", EXITED),
    "all descriptors closed": ("os.closerange(0, 1000)", EXITED),
    "words of its own on every descriptor": (
        "[os.write(each, b'nonsense' * 9) for each in range(3, 20) if os.path.exists(f'/dev/fd/{each}')]",
        EXITED,
    ),
    "no result": ("return None", NO_OBJECT),
    "a text": ("return 'text'", NO_OBJECT),
    "a number": ("return 42", NO_OBJECT),
    "a truth": ("return True", NO_OBJECT),
    "bytes": ("return {'x': b'x'}", EXITED),
    "a set": ("return {'x': {1}}", EXITED),
    "an object": ("return {'x': object()}", EXITED),
    "half a character": ("return {'x': chr(0xd800)}", EXITED),
    "a coroutine": ("return later()", EXITED),
    "a generator": ("return (each for each in [])", EXITED),
    "not a number": ("return {'x': float('nan')}", NO_OBJECT),
    "infinity": ("return [float('inf')]", NO_OBJECT),
    "deep": ("return deep(890)", (SUCCESS, None)),
    "too deep": ("return deep(930)", NO_OBJECT),
    "a circle": ("x = []; x.append(x); return x", EXITED),
    "a list": ("return [1, 2]", (SUCCESS, [1, 2])),
    "a tuple": ("return 1, 2", (SUCCESS, [1, 2])),
    "an exception": ("raise ValueError('no such luck')", (APPLICATION, {"error": "no such luck"})),
    "an exception without words": ("raise Mute", EXITED),
    "an endless recursion": ("return bad()", (APPLICATION, None)),
    "a closed stdout": ("sys.stdout.close(); return {'fine': True}", FINE),
    "a closed stderr, then an exception": (
        "sys.stderr.close(); raise ValueError('silent')",
        (APPLICATION, {"error": "silent"}),
    ),
    "closed log pipes": ("os.close(1); os.close(2); return {'fine': True}", FINE),
    "no stdout": ("sys.stdout = sys.stderr = None; return {'fine': True}", FINE),
    "another stdout": ("sys.stdout = io.StringIO(); print('kept'); return {'fine': True}", FINE),
    "another folder": ("os.chdir('/'); return {'fine': True}", FINE),
    "its folder removed": ("shutil.rmtree(os.getcwd()); return {'fine': True}", FINE),
    "a thread that goes on": ("threading.Thread(target=forever).start(); return {'fine': True}", FINE),
    "a copy that answers too": ("os.fork(); return {'fine': True}", FINE),
    "a child that goes on": ("subprocess.Popen(['sleep', '1000']); return {'fine': True}", FINE),
    "a daemon that holds the logs": ("daemon(); return {'fine': True}", FINE),
    "an exit with a daemon that holds the logs": ("daemon(); os._exit(1)", EXITED),
    "no time limit": ("forever()", TOO_LONG),
    "deaf to SIGTERM, with a child that holds the logs": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); subprocess.Popen(['sleep', '1000']); forever()",
        TOO_LONG,
    ),
    "more memory than allowed": ("x = bytearray(400_000_000); forever()", TOO_LARGE),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unruly")
    (folder / "packages" / "demo").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def package(cloud: Cloud) -> None:
    cloud.call("PUT", "packages/demo", json={})


def deployed(cloud: Cloud, code: str) -> str:
    """Deploy an action whose calls with `bad` do something, in place of the one before it."""
    cloud.deploy("demo/one", SOURCE.replace("CODE", f"    {code}"), annotations=WEB, limits=LIMITS)
    return "demo/one"


def called(cloud: Cloud, **arguments: object) -> tuple[str, object]:
    record = cloud.invoke("demo/one", arguments, blocking=True).json()
    if isinstance(record, list):
        return SUCCESS, record  # as in production a list comes alone
    return record["response"]["status"], record["response"]["result"]


@pytest.mark.parametrize(("code", "outcome"), CASES.values(), ids=CASES)
def test_an_unruly_call_has_its_outcome_and_the_next_one_works(
    cloud: Cloud, running: LocalopsProcess, code: str, outcome: tuple[str, object]
):
    deployed(cloud, code)
    assert called(cloud) == FINE
    before = len(running.log)
    status, result = called(cloud, bad=True)
    assert status == outcome[0]
    assert outcome[1] in (None, result)
    assert [called(cloud) for _ in range(2)] == [FINE, FINE]
    assert not [line for line in running.log[before:] if "Traceback" in line and " | " not in line]


def test_what_an_action_says_at_its_exit_is_logged(cloud: Cloud, running: LocalopsProcess):
    deployed(cloud, "ends()")
    running.forget_lines()
    called(cloud, bad=True)
    assert "enough of this" in running.wait_for_line("demo/one | SystemExit")


def test_a_web_answer_that_is_no_json_is_the_developers_error(cloud: Cloud):
    deployed(cloud, "return {'body': {'x': float('nan')}}")
    answer = cloud.web("demo/one?bad=yes")
    assert (answer.status_code, "did not return a dictionary" in answer.json()["detail"]) == (400, True)
    assert cloud.web("demo/one.json").json() == {"fine": True}


def test_what_one_action_writes_into_its_folder_another_does_not_find(cloud: Cloud):
    deployed(cloud, "open('json.py', 'w').write('raise ImportError'); return {'seen': os.listdir()}")
    seen = cloud.invoke("demo/one", {"bad": True}, blocking=True, result=True).json()["seen"]
    assert sorted(seen) == ["json.py", "main__.py"]
    cloud.deploy("demo/two", "import json, os\ndef main(args): return {'seen': os.listdir()}\n")
    answer = cloud.invoke("demo/two", blocking=True, result=True)
    assert answer.json() == {"seen": ["main__.py"]}


LOOKS_AROUND = """import os, sys, traceback
def main(args):
    try: 1 / 0
    except ZeroDivisionError: trace = traceback.format_exc()
    return {"file": os.path.relpath(__file__), "seen": os.listdir(os.path.dirname(__file__)),
            "source": open("main__.py").read(), "trace": trace, "folder": os.path.basename(sys.path[0]),
            "cwd": os.path.basename(os.getcwd()), "env": os.environ["__OW_EXECUTION_ENV"],
            "argv": os.path.basename(sys.argv[0]), "name": __name__}
"""


def test_a_single_file_runs_as_main_in_a_folder_of_its_own(cloud: Cloud):
    cloud.deploy("demo/around", LOOKS_AROUND)
    seen = cloud.invoke("demo/around", blocking=True, result=True).json()
    assert (seen["file"], seen["seen"], seen["name"]) == ("main__.py", ["main__.py"], "main__")
    assert seen["source"] == LOOKS_AROUND
    assert seen["folder"] == seen["cwd"]
    assert "main__.py" in seen["trace"]
    assert (seen["env"], seen["argv"]) == ("localops", "child.py")


STARTS_50 = """import os, subprocess
def main(args):
    alone = args.get("alone", False)
    started = [subprocess.Popen(["sleep", "1000"], start_new_session=alone).pid for _ in range(50)]
    return {"started": [os.getpid(), *started]}
"""
BUSY = """import os, pathlib, subprocess
def main(args):
    started = [os.getpid()] + [subprocess.Popen(["sleep", "1000"]).pid for _ in range(5)]
    told = pathlib.Path(args["told"])
    told.with_suffix(".part").write_text(" ".join(map(str, started)))
    told.with_suffix(".part").rename(told)
    while True: pass
"""


def is_running(pid: int) -> bool:
    """Return whether a process goes on; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs_proc
@pytest.mark.parametrize("alone", [False, True], ids=["in its group", "in sessions of their own"])
def test_fifty_processes_of_an_action_end_with_it(cloud: Cloud, alone: bool):
    cloud.deploy("demo/fifty", STARTS_50)
    answer = cloud.invoke("demo/fifty", {"alone": alone}, blocking=True, result=True)
    started = answer.json()["started"]
    assert len(started) == 51
    assert all(is_running(pid) for pid in started)
    assert cloud.call("DELETE", "actions/demo/fifty").status_code == 200
    assert eventually(lambda: not any(is_running(pid) for pid in started))


@needs_proc
def test_nothing_that_actions_started_outlives_a_killed_localops(tmp_path: Path):
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    told = tmp_path / "told"
    with LocalopsProcess(project=tmp_path, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        cloud = cloud_of(process.url, tmp_path)
        with cloud.session:
            cloud.call("PUT", "packages/demo", json={})
            cloud.deploy("demo/idle", STARTS_50)
            cloud.deploy("demo/busy", BUSY)
            idle = cloud.invoke("demo/idle", blocking=True, result=True).json()["started"]
            assert cloud.invoke("demo/busy", {"told": str(told)}).status_code == 202
            assert eventually(told.exists)
        started = [*idle, *map(int, told.read_text().split())]
        assert all(is_running(pid) for pid in started)
        process.process.kill()
        assert eventually(lambda: not any(is_running(pid) for pid in started))


def test_a_daemon_of_an_action_does_not_keep_localops_from_ending(tmp_path: Path):
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    with LocalopsProcess(project=tmp_path, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        cloud = cloud_of(process.url, tmp_path)
        with cloud.session:
            cloud.call("PUT", "packages/demo", json={})
            deployed(cloud, "daemon(); return {'fine': True}")
            assert called(cloud, bad=True) == FINE
        process.process.send_signal(signal.SIGINT)
        assert process.process.wait(DAEMON_S / 4) == 0
