"""What comes over REST beside what is on disk, and what of it outlives the process."""

from __future__ import annotations

import base64
import io
import resource
import signal
import stat
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest
from cloud import WEB, Cloud, cloud_of, key_values, zipped
from localops_process import LocalopsProcess
from waiting import ended

ON_DISK = "#--web true\n#--param P disk\ndef main(args): return {'body': 'disk ' + args['P']}\n"
OVER_REST = "def main(args): return {'body': 'rest ' + args.get('P', '')}\n"


class Desk:
    """A project and the localops that serves it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.running = LocalopsProcess(project=project)
        self.cloud = cloud_of(self.running.url, project)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.cloud.session.close()
        if number == signal.SIGKILL:
            self.running.stop(number)
        self.running.__exit__(None, None, None)

    def restarted(self, number: signal.Signals = signal.SIGTERM) -> Desk:
        self.stop(number)
        self.__init__(self.project)
        return self

    def write(self, path: str, text: str) -> None:
        """Save a file, which must differ, and wait until it is in service."""
        self.running.forget_lines()
        file = self.project / "packages" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.running.wait_for_line("deployed: ")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    package = tmp_path / "packages" / "demo"
    package.mkdir(parents=True)
    (package / "one.py").write_text(ON_DISK)
    desk = Desk(tmp_path)
    desk.running.wait_for_line("deployed: ")
    yield desk
    desk.stop()


def text(cloud: Cloud, name: str = "demo/one") -> str | int:
    answer = cloud.web(name)
    return answer.text if answer.status_code == 200 else answer.status_code


def test_actions_of_the_disk_and_their_packages_are_seen_over_rest(desk: Desk):
    (desk.project / "packages" / "demo.args").write_text("#--param P package\n#--param Q package\n")
    desk.write("demo/folder/__main__.py", ON_DISK)
    found = desk.cloud.call("GET", "actions/demo/one").json()
    assert found["exec"] == {"kind": "python:3", "binary": False, "code": ON_DISK}
    assert found["parameters"] == key_values({"P": "disk", "Q": "package"})
    assert {each["name"] for each in desk.cloud.call("GET", "actions").json()} == {"one", "folder"}
    package = desk.cloud.call("GET", "packages/demo").json()
    assert package["parameters"] == key_values({"P": "package", "Q": "package"})
    assert {each["name"] for each in package["actions"]} == {"one", "folder"}


def test_the_code_of_a_folder_is_the_zip_that_the_deployer_would_make(desk: Desk):
    folder = desk.project / "packages" / "demo" / "folder"
    (folder / "virtualenv").mkdir(parents=True)
    (folder / "virtualenv" / "big").write_text("x")
    (folder / "requirements.txt").write_text("")
    (folder / ".hidden").write_text("x")
    (folder / "data").mkdir()
    (folder / "data" / "x.json").write_text("[]")
    desk.write("demo/folder/__main__.py", ON_DISK)
    code = desk.cloud.call("GET", "actions/demo/folder").json()["exec"]
    assert code["binary"] is True
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(code["code"]))) as archive:
        assert sorted(archive.namelist()) == ["__main__.py", "data/x.json"]


def test_the_last_deployed_wins(desk: Desk):
    assert text(desk.cloud) == "disk disk"
    assert desk.cloud.deploy("demo/one", OVER_REST)["version"] == "0.0.2"
    assert text(desk.cloud) == "rest disk"
    desk.write("demo/other.py", ON_DISK)
    assert text(desk.cloud) == "rest disk"
    desk.write("demo/one.py", ON_DISK.replace("'disk ", "'edited "))
    assert text(desk.cloud) == "edited disk"
    assert desk.cloud.call("GET", "actions/demo/one").json()["version"] == "0.0.3"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_answered_as_saved_outlives_the_process(desk: Desk, number: signal.Signals):
    desk.cloud.call("PUT", "packages/mine", json={"parameters": key_values({"P": "of the package"})})
    desk.cloud.deploy("mine/source", OVER_REST, annotations=WEB, limits={"timeout": 5000})
    desk.cloud.deploy(
        "mine/zip", zipped({"__main__.py": OVER_REST}), annotations=WEB, parameters={"P": "zip"}
    )
    desk.cloud.deploy("alone", OVER_REST, annotations=WEB)
    desk.cloud.deploy("demo/one", OVER_REST, parameters={"P": "over disk"})
    paths = ("actions/mine/source", "actions/mine/zip", "actions/alone", "actions/demo/one", "packages/mine")
    before = [desk.cloud.call("GET", path).json() for path in paths]
    cloud = desk.restarted(number).cloud
    assert [cloud.call("GET", path).json() for path in paths] == before
    assert text(cloud, "mine/source") == "rest of the package"
    assert text(cloud, "mine/zip") == "rest zip"
    assert text(cloud, "default/alone") == "rest "
    assert text(cloud) == "rest over disk"


def test_a_file_that_changed_while_nothing_ran_wins(desk: Desk):
    desk.cloud.deploy("demo/one", OVER_REST)
    (desk.project / "packages" / "demo" / "one.py").write_text(ON_DISK.replace("'disk ", "'edited "))
    assert text(desk.restarted().cloud) == "edited disk"


def test_a_variable_of_another_value_does_not_bring_the_file_back(desk: Desk):
    desk.write("demo/one.py", ON_DISK + '#--param V "$V"\n')
    desk.cloud.deploy("demo/one", OVER_REST)
    desk.running.forget_lines()
    (desk.project / ".env").write_text("V=new\n")
    (desk.project / "packages" / "demo" / "two.py").write_text(ON_DISK)
    desk.running.wait_for_line("demo/two")
    assert text(desk.cloud) == "rest disk"


def test_what_was_deleted_over_rest_comes_back_when_its_file_changes(desk: Desk):
    assert desk.cloud.call("DELETE", "actions/demo/one").status_code == 200
    assert text(desk.cloud) == 404
    desk.write("demo/other.py", ON_DISK)
    assert text(desk.cloud) == 404
    desk.write("demo/one.py", ON_DISK + "# edited\n")
    assert text(desk.cloud) == "disk disk"
    assert desk.cloud.call("GET", "actions/demo/one").json()["version"] == "0.0.1"


def test_what_was_deleted_over_rest_is_on_disk_at_the_next_start(desk: Desk):
    desk.cloud.deploy("demo/one", OVER_REST)
    desk.cloud.call("DELETE", "actions/demo/one")
    assert text(desk.restarted().cloud) == "disk disk"


def test_a_package_deleted_by_force_comes_back_with_its_arguments(desk: Desk):
    (desk.project / "packages" / "demo.args").write_text("#--param Q package\n")
    desk.running.wait_for_line("deployed: demo")
    assert desk.cloud.call("DELETE", "packages/demo").status_code == 409
    assert desk.cloud.call("DELETE", "packages/demo?force=true").status_code == 200
    assert desk.cloud.call("GET", "packages").json() == []
    assert text(desk.cloud) == 404
    desk.write("demo/one.py", ON_DISK + "# edited\n")
    found = desk.cloud.call("GET", "actions/demo/one").json()
    assert found["parameters"] == key_values({"Q": "package", "P": "disk"})


def test_a_file_that_goes_leaves_what_came_over_rest(desk: Desk):
    desk.cloud.deploy("demo/one", OVER_REST)
    desk.write("demo/other.py", ON_DISK)
    (desk.project / "packages" / "demo" / "one.py").unlink()
    desk.write("demo/third.py", ON_DISK)
    assert text(desk.cloud) == "rest disk"
    desk.write("demo/one.py", ON_DISK)
    assert text(desk.cloud) == "disk disk"


def test_the_deployers_bare_package_update_leaves_a_package_to_its_file(desk: Desk):
    (desk.project / "packages" / "demo.args").write_text('#--param Q "$Q"\n')
    (desk.project / ".env").write_text("Q=first\n")
    desk.running.wait_for_line("deployed: demo")
    before = desk.cloud.call("GET", "packages/demo").json()
    updated = desk.cloud.call("PUT", "packages/demo?overwrite=true", json={"namespace": "_", "name": "demo"})
    assert updated.json()["version"] != before["version"]
    assert updated.json()["parameters"] == before["parameters"]
    desk.running.forget_lines()
    (desk.project / ".env").write_text("Q=second\n")
    desk.running.wait_for_line("deployed: demo")
    assert desk.cloud.call("GET", "packages/demo").json()["parameters"] == key_values({"Q": "second"})
    (desk.project / ".env").write_text("Q=third\n")
    cloud = desk.restarted().cloud
    assert cloud.call("GET", "packages/demo").json()["parameters"] == key_values({"Q": "third"})


def test_a_package_update_with_parameters_holds_until_the_file_changes(desk: Desk):
    arguments = desk.project / "packages" / "demo.args"
    arguments.write_text("#--param Q file\n")
    desk.running.wait_for_line("deployed: demo")
    desk.cloud.call("PUT", "packages/demo?overwrite=true", json={"parameters": key_values({"Q": "rest"})})
    cloud = desk.restarted().cloud
    assert cloud.call("GET", "packages/demo").json()["parameters"] == key_values({"Q": "rest"})
    desk.running.wait_for_line("deployed: demo/one")
    arguments.write_text("#--param Q edited\n")
    desk.running.wait_for_line("deployed: demo")
    assert cloud.call("GET", "packages/demo").json()["parameters"] == key_values({"Q": "edited"})


def test_an_update_of_an_action_on_disk_keeps_its_code(desk: Desk):
    desk.cloud.put("demo/one", parameters={"P": "rest"})
    assert text(desk.cloud) == "disk rest"
    assert text(desk.restarted().cloud) == "disk rest"


def test_private_files_are_their_owners_alone(desk: Desk):
    desk.cloud.deploy("demo/zip", zipped({"__main__.py": OVER_REST, "run.sh": "#!/bin/sh\n"}))
    private = desk.project / ".localops"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE((private / "uploads").stat().st_mode) == 0o700
    files = [private / "deployed.json", private / "credentials.json", *private.glob("uploads/*/**/*")]
    rights = {stat.S_IMODE(path.stat().st_mode) for path in files if path.is_file()}
    assert rights == {0o600}
    assert (private / ".gitignore").read_text() == "*\n"


def test_code_that_nothing_uses_is_deleted(desk: Desk):
    uploads = desk.project / ".localops" / "uploads"
    for number in range(5):
        desk.cloud.deploy("demo/one", OVER_REST + f"# {number}\n")
    assert len(list(uploads.iterdir())) == 1
    desk.cloud.call("DELETE", "actions/demo/one")
    assert list(uploads.iterdir()) == []


def test_a_call_under_way_keeps_its_code(desk: Desk):
    main = (
        "import time\n"
        "def main(args):\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(1)\n"
        "    import late\n"
        "    return late.VALUE\n"
    )
    desk.cloud.deploy("demo/slow", zipped({"__main__.py": main, "late.py": "VALUE = {'late': True}\n"}))
    activation_id = desk.cloud.invoke("demo/slow").json()["activationId"]
    desk.running.wait_for_line("demo/slow | begun")
    desk.cloud.deploy("demo/slow", OVER_REST)
    desk.running.wait_for_line("demo/slow success")
    result = desk.cloud.call("GET", f"activations/{activation_id}/result").json()["result"]
    assert result == {"late": True}


def test_names_that_differ_only_in_case_are_two_actions(desk: Desk):
    for name in ("demo/Case", "demo/case", "demo/c ase", "demo/c.a&s@e-"):
        desk.cloud.deploy(name, OVER_REST, annotations=WEB, parameters={"P": name})
    cloud = desk.restarted().cloud
    for name in ("demo/Case", "demo/case", "demo/c ase", "demo/c.a&s@e-"):
        assert text(cloud, name) == f"rest {name}"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets another process's limits be set")
@pytest.mark.parametrize("code", ["# " + "x" * 200_000 + "\n" + OVER_REST, None], ids=["source", "zip"])
def test_a_full_disk_is_said_and_nothing_half_written_is_served(desk: Desk, code: str | None):
    noise = "".join(chr(33 + number * 7919 % 90) for number in range(200_000))
    code = code or zipped({"__main__.py": OVER_REST, "noise.txt": noise})
    desk.cloud.deploy("demo/kept", OVER_REST, annotations=WEB)
    limit = resource.prlimit(desk.running.process.pid, resource.RLIMIT_FSIZE, (100_000, -1))
    for name in ("demo/one", "demo/new"):
        answer = desk.cloud.put(name, code, annotations=WEB)
        assert answer.status_code == 500
        assert "could not be kept" in answer.json()["error"]
        assert "make room there and try again" in answer.json()["error"]
    assert (text(desk.cloud), text(desk.cloud, "demo/new")) == ("disk disk", 404)
    assert not list((desk.project / ".localops").rglob("*.unfinished*"))
    resource.prlimit(desk.running.process.pid, resource.RLIMIT_FSIZE, limit)
    desk.cloud.deploy("demo/new", code, annotations=WEB)
    cloud = desk.restarted().cloud
    assert [text(cloud, name) for name in ("demo/one", "demo/new", "demo/kept")] == [
        "disk disk",
        "rest ",
        "rest ",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets another process's limits be set")
def test_a_change_that_cannot_be_written_down_is_not_made(desk: Desk):
    desk.cloud.deploy("demo/kept", OVER_REST, annotations=WEB, parameters={"P": "x" * 5000})
    resource.prlimit(desk.running.process.pid, resource.RLIMIT_FSIZE, (1000, -1))
    refused = [
        desk.cloud.call("DELETE", "actions/demo/one"),
        desk.cloud.put("demo/kept", parameters={"P": "y" * 5000}),
        desk.cloud.call("PUT", "packages/new", json={}),
    ]
    assert [answer.status_code for answer in refused] == [500, 500, 500]
    assert text(desk.cloud) == "disk disk"
    assert text(desk.cloud, "demo/kept") == "rest " + "x" * 5000
    assert desk.cloud.call("GET", "packages/new").status_code == 404


def test_a_state_that_makes_no_sense_is_named_at_the_start(desk: Desk):
    file = desk.project / ".localops" / "deployed.json"
    desk.stop()
    for content in ("{", '{"format": 99}', "[]", '{"format": 1, "packages": [], "actions": [{"path": "a"}]}'):
        file.write_text(content)
        failed = LocalopsProcess(project=desk.project)
        assert failed.ready_line == ""
        failed.__exit__(None, None, None)
        assert failed.process.returncode == 2
        assert f"{file} cannot be used" in failed.log[-1]
        assert "delete it to start without what was deployed with ops or wsk" in failed.log[-1]
    file.unlink()
    desk.__init__(desk.project)


def test_many_at_once_are_all_kept(desk: Desk):
    def deploy(number: int) -> int:
        return desk.cloud.put(f"demo/many_{number}", OVER_REST + f"# {number}\n", annotations=WEB).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deploy, range(40))) == {200}
    cloud = desk.restarted().cloud
    assert {text(cloud, f"demo/many_{number}") for number in range(40)} == {"rest "}


def test_deploying_does_not_hold_up_other_answers(desk: Desk):
    noise = "".join(chr(33 + number * 7919 % 90) for number in range(4_000_000))
    code = zipped({"__main__.py": OVER_REST, **{f"noise_{number}.txt": noise for number in range(8)}})
    text(desk.cloud)

    def answers_meanwhile() -> int:
        deploying = Thread(target=desk.cloud.deploy, args=("demo/large", code))
        deploying.start()
        answered = 0
        while deploying.is_alive():
            assert text(desk.cloud) == "disk disk"
            answered += 1
        ended(deploying)
        return answered

    # Were they held up, there would be one answer, at the end; a busy machine may once be as slow.
    assert any(answers_meanwhile() > 2 for _ in range(5))
