"""While `pinocchio` has the published password, no other machine is let in and nothing is deployed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
from localops_process import ROOT, LocalopsProcess

from localops.access.published_password import USERS_FILE, problem, set_password
from localops.errors import StartError

# Of mastrogpt2-starter; another hash of the same password.
OF_STARTER = "$2b$12$PQuqm7bIRnohRb0a9sfKE.AtyOPHLtpPcDnqP6tlWHGyi6k/YFBO."
OURS = json.loads((ROOT / USERS_FILE).read_text())["pinocchio"]
OWN = bcrypt.hashpw(b"a password of my own", bcrypt.gensalt(4)).decode()
SENTENCE = "has the published password of 'pinocchio', with which anybody can log in: set another with"


def project_with(folder: Path, content: str) -> Path:
    users = folder / USERS_FILE
    users.parent.mkdir(parents=True)
    users.write_text(content)
    return folder


def command(*words: object, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localops", *map(str, words)],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("users", "is_published"),
    [
        ({"pinocchio": OURS}, True),
        ({"pinocchio": OF_STARTER, "msciab": OWN}, True),
        ({"pinocchio": OWN}, False),
        ({"pinocchio": "nonsense"}, False),
        ({"pinocchio": "$2b$12$"}, False),
        ({"pinocchio": None}, False),
        ({"fatina": OURS}, False),
        ({}, False),
    ],
)
def test_the_published_password_is_known_by_what_it_opens(
    tmp_path: Path, users: dict[str, str], is_published: bool
):
    found = problem(project_with(tmp_path, json.dumps(users)))
    assert (found is not None and SENTENCE in found) is is_published


def test_a_project_without_the_chats_login_has_nothing_to_refuse(tmp_path: Path):
    assert problem(tmp_path) is None


def test_up_for_other_machines_refuses_it_and_says_which_command_makes_another(tmp_path: Path):
    project = project_with(tmp_path, json.dumps({"pinocchio": OURS}))
    environment = {**os.environ, "LOCALOPS_PASSWORD": "correct horse"}
    words = ["up", "--no-open", "--host", "0.0.0.0", "--port", "0", "--project", str(project)]
    done = subprocess.run(
        [sys.executable, "-m", "localops", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--host 0.0.0.0 lets other machines in, and {USERS_FILE} {SENTENCE}" in done.stderr
    assert f"`python3 -m localops password pinocchio --project {project}`" in done.stderr


def test_up_for_this_machine_alone_runs_with_it(tmp_path: Path):
    with LocalopsProcess(project=project_with(tmp_path, json.dumps({"pinocchio": OURS}))) as process:
        assert process.url.startswith("http://localhost:")


def test_deploy_refuses_it_before_anything_else(tmp_path: Path):
    lines = (ROOT / "ops.yaml").read_text().partition("\n  deploy:\n")[2].splitlines()
    first = next(line.strip() for line in lines if line.strip().startswith("- "))
    assert first == "- python3 -m localops password --check"
    project = project_with(tmp_path, json.dumps({"pinocchio": OURS}))
    refused = command("password", "--check", "--project", project)
    assert (refused.returncode, SENTENCE in refused.stderr) == (1, True)
    made = command("password", "--project", project, text="another password\n")
    assert (made.returncode, "has the new password of 'pinocchio'" in made.stdout) == (0, True)
    assert command("password", "--check", "--project", project).returncode == 0
    kept = json.loads((project / USERS_FILE).read_text())["pinocchio"]
    assert bcrypt.checkpw(b"another password", kept.encode())


def test_others_keep_their_passwords_when_one_gets_one(tmp_path: Path):
    project = project_with(tmp_path, json.dumps({"pinocchio": OURS, "fatina": OWN}))
    set_password(project, "lucignolo", "a third password")
    kept = json.loads((project / USERS_FILE).read_text())
    assert (kept["pinocchio"], kept["fatina"], list(kept)) == (
        OURS,
        OWN,
        ["pinocchio", "fatina", "lucignolo"],
    )


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 8 characters"),
        ("", "at least 8 characters"),
        ("x" * 73, "at most 72 bytes"),
        ("\u20ac" * 30, "at most 72 bytes"),
        ("geppetto", "everybody knows"),
    ],
)
def test_a_password_that_would_not_do_is_refused_and_changes_nothing(
    tmp_path: Path, password: str, reason: str
):
    before = json.dumps({"pinocchio": OURS})
    project = project_with(tmp_path, before)
    with pytest.raises(StartError, match=reason):
        set_password(project, "pinocchio", password)
    assert (project / USERS_FILE).read_text() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "it must be an object"),
        ("[" * 100_000, "it is not JSON"),
        (None, "No such file"),
    ],
)
def test_a_file_of_users_that_makes_no_sense_is_named(tmp_path: Path, content: str | None, reason: str):
    project = tmp_path if content is None else project_with(tmp_path, content)
    done = command("password", "--project", project, text="another password\n")
    assert done.returncode == 2
    assert str(project / USERS_FILE) in done.stderr
    assert reason in done.stderr


def test_a_person_types_it_twice_and_sees_nothing_of_it(tmp_path: Path):
    project = project_with(tmp_path, json.dumps({"pinocchio": OURS}))

    def typed(first: str, second: str) -> tuple[int, str]:
        pid, terminal = pty.fork()
        if not pid:
            words = [sys.executable, "-m", "localops", "password", "--project", str(project)]
            os.execv(sys.executable, words)  # noqa: S606 - our own words
        shown = b""
        for prompt, text in ((b"New password of pinocchio: ", first), (b"Once more: ", second)):
            while not shown.endswith(prompt):
                shown += os.read(terminal, 1024)
            os.write(terminal, text.encode() + b"\n")
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        shown += os.read(terminal, 65536)
        os.close(terminal)
        return status, shown.decode()

    status, shown = typed("my own secret", "my own secrets")
    assert (status, "these were two passwords" in shown) == (2, True)
    status, shown = typed("my own secret", "my own secret")
    assert (status, "has the new password" in shown, "my own secret" in shown) == (0, True, False)
