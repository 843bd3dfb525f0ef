"""What a person's own settings and rights do to an installation: nothing, or a sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from localops_process import ROOT

from localops import bootstrap

TIMEOUT_S = 120
BARE_PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
# Each sends packages elsewhere, or nowhere, or stops pip.
HARMFUL = {
    "PIP_USER": "1",
    "PIP_PREFIX": "/nowhere",
    "PIP_TARGET": "/nowhere",
    "PIP_ROOT": "/nowhere",
    "PIP_DRY_RUN": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_DEPS": "1",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_QUIET": "3",
    "PIP_CONSTRAINT": "/nowhere/constraints.txt",
    "PIP_NO_BINARY": ":all:",
}


def told_to_pip(environment: dict[str, str]) -> dict[str, str]:
    """Return what of pip's settings reaches an installation from a process with this environment."""
    program = (
        "import json, sys; from localops import bootstrap;"
        "json.dump(bootstrap.pip_environment(sys.executable), sys.stdout)"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**clean, "PIP_CONFIG_FILE": os.devnull, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return {name: value for name, value in json.loads(done.stdout).items() if name.startswith("PIP_")}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_setting_of_pip_that_is_about_other_installations_does_not_reach_it(name: str):
    assert told_to_pip({name: HARMFUL[name]}) == {"PIP_CONFIG_FILE": os.devnull}


def test_where_packages_come_from_is_taken_over_the_strongest_last(tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = http://a/\nuser = true\nproxy = http://p/\nfind-links = /w\n"
        "[install]\nindex_url = http://b/\nprefix = /nowhere\n"
    )
    given = {"PIP_CONFIG_FILE": str(file), "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    assert told_to_pip(given) == {
        "PIP_INDEX_URL": "http://b/",
        "PIP_PROXY": "http://p/",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Provide a clone with a finished `.venv`."""
    folder = tmp_path / "clone"
    for name in ("localops", "mastro", "requirements", "packages", "web"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = folder / ".venv"
    subprocess.run([BARE_PYTHON, "-m", "venv", "--without-pip", venv], timeout=TIMEOUT_S, check=True)
    (venv / "made-with").write_text(bootstrap.venv_identity())
    locked = folder / "requirements" / "run.txt"
    (venv / "installed-run").write_text(f"{bootstrap.digest(locked)}\ninstalled")
    site = next((venv / "lib").glob("python*/site-packages"))
    (site / "those_of_the_tests.pth").write_text(
        "\n".join(each for each in sys.path if "site-packages" in each)
    )
    return folder


@pytest.fixture
def read_only(checkout: Path) -> Iterator[Path]:
    """Provide the clone, where nothing can be written; for root, who may always, something is in the way."""
    (checkout / ".venv.lock").mkdir()
    (checkout / ".localops").write_text("in the way")
    modes = {path: path.stat().st_mode for path in [checkout, *checkout.rglob("*")] if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield checkout
    for path, mode in modes.items():
        path.chmod(mode)


def run(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BARE_PYTHON, "-m", "localops", *words],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_a_command_runs_in_a_read_only_checkout_with_a_finished_venv(read_only: Path):
    done = run(read_only, "sync", "--check")
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout


def test_up_says_in_one_sentence_that_it_cannot_keep_its_keys_there(read_only: Path):
    done = run(read_only, "up", "--no-open", "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"localops keeps its keys in {read_only / '.localops'} and cannot write there" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_has_to_be_installed_there_is_refused_with_a_sentence(checkout: Path):
    (checkout / ".venv" / "installed-run").unlink()
    (checkout / ".venv.lock").mkdir()
    done = run(checkout, "url", "mastrogpt/hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"localops: nothing can be installed in {checkout} (Is a directory)" in done.stderr
    assert "Traceback" not in done.stderr
