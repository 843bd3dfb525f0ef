"""Make `.venv` with the locked dependencies and continue inside it.

Standard library only, in syntax that any Python 3.6 reads: an old Python must get as
far as the sentence that says which one is needed.
"""

import ast
import configparser
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
_VENV = ROOT / ".venv"
_VENV_PYTHON = _VENV / "bin" / "python"
_MIN_PYTHON = (3, 11)
_TEST_COMMANDS = ("test", "check")
# They run the built-in model in any case; `up` installs llama.cpp where no other model server answers.
_MODEL_COMMANDS = ("test", "check", "bench")
_LLAMA_CPP_FILE = ROOT / "requirements" / "llamacpp.txt"
# The settings of pip that say where packages come from and how they are reached; no other is taken over.
_PIP_SETTINGS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "proxy",
    "cert",
    "client-cert",
    "keyring-provider",
    "timeout",
    "default-timeout",
    "retries",
    "cache-dir",
    "no-cache-dir",
)
# What a stamp records when the package index has no build of a package for this machine.
NO_BUILD = "no build for this machine"


class BootstrapError(Exception):
    """The environment cannot be made; the text says what the person does about it."""


def enter(argv: List[str]) -> None:
    """Return when running inside `.venv`, or asked for help; else make it and go on as a process inside it.

    Args:
        argv: the words after `python3 -m localops`; the first decides what is installed.
    """
    if Path(sys.prefix).resolve() == _VENV.resolve():
        return
    try:
        check_python()
        if _is_question(argv):
            return
        files = _requirement_files(argv)
        if not _is_complete(files):
            with _installation_lock():
                install(files)
    except BootstrapError as error:
        print("localops: {}".format(error), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("localops: stopped; run the same command again to finish the installation", file=sys.stderr)
        sys.exit(130)
    os.execv(str(_VENV_PYTHON), [str(_VENV_PYTHON), "-m", "localops"] + argv)  # noqa: S606 - our own venv


def _is_question(argv: List[str]) -> bool:
    """Return whether only the help of a command is wanted, which needs no packages; that of `bench` does."""
    return not argv or (argv[0] != "bench" and bool({"-h", "--help"}.intersection(argv)))


def check_python() -> None:
    """Raise BootstrapError when this Python cannot run localops."""
    found = "{}.{}".format(*sys.version_info[:2])
    if sys.version_info[:2] < _MIN_PYTHON:
        raise BootstrapError(
            "this is Python {}, localops needs 3.11 or newer; "
            "install one and run it as `python3.12 -m localops`".format(found)
        )
    if sys.platform == "win32":
        raise BootstrapError(
            "localops runs on Linux and macOS; on Windows run it in WSL, as the `ops` tools are run"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise BootstrapError(
            "this Python {0} has no venv module; install it "
            "(Debian, Ubuntu: `apt install python{0}-venv`) and run the same command again".format(found)
        )


def _requirement_files(argv: List[str]) -> List[Path]:
    """Return the lock files that a command needs, the one that may have no build last."""
    command = argv[0] if argv else ""
    base = ROOT / "requirements" / ("test.txt" if command in _TEST_COMMANDS else "run.txt")
    return [base, _LLAMA_CPP_FILE] if command in _MODEL_COMMANDS else [base]


class _installation_lock:
    """Hold off a second first run in the same folder until this one has finished."""

    def __enter__(self) -> None:
        import fcntl

        lock = ROOT / ".venv.lock"
        try:
            self.file = open(str(lock), "w")
        except OSError as error:
            raise BootstrapError(
                "nothing can be installed in {} ({}); run it once as somebody who may write there, "
                "or in a copy of your own".format(ROOT, error.strerror)
            ) from error
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exc_info: object) -> None:
        self.file.close()


def install(files: List[Path]) -> None:
    """Bring `.venv` to what the lock files say; do nothing, and need no network, when it already is."""
    if not _is_current_venv():
        tell("first run: making .venv")
        _make_venv()
    for file in files:
        if not _is_installed(file):
            tell("installing what requirements/{} locks (needs the network once)".format(file.name))
            stamp(file).write_text("\n".join([digest(file), _pip_install(file)]))


def _is_complete(files: List[Path]) -> bool:
    """Return whether nothing is left to install; asking writes nothing, so a read-only checkout will do."""
    return _is_current_venv() and all(_is_installed(file) for file in files)


def install_llama_cpp() -> bool:
    """Install llama.cpp, unless it is here; return False when there is no build of it for this machine."""
    if not _is_complete([_LLAMA_CPP_FILE]):
        with _installation_lock():
            install([_LLAMA_CPP_FILE])
    return _has_build("llamacpp")


def _is_current_venv() -> bool:
    # Packages installed for one Python are of no use to another.
    config = _VENV / "made-with"
    return _VENV_PYTHON.exists() and config.exists() and config.read_text() == venv_identity()


def venv_identity() -> str:
    return "Python {}.{}".format(*sys.version_info[:2])


def _make_venv() -> None:
    import venv

    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(str(_VENV))
    except (OSError, subprocess.CalledProcessError) as error:
        raise BootstrapError(
            "the folder {} cannot be made ({}); check its rights and the free disk space".format(_VENV, error)
        ) from error
    (_VENV / "made-with").write_text(venv_identity())


def stamp(file: Path) -> Path:
    return _VENV / "installed-{}".format(file.stem)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is_installed(file: Path) -> bool:
    # The test set holds all of the run set, so either stamp will do for `up`.
    wider = file.with_name("test.txt")
    return any(
        stamp(each).exists() and stamp(each).read_text().split("\n")[0] == digest(each)
        for each in ([file, wider] if file.name == "run.txt" else [file])
    )


def _has_build(name: str) -> bool:
    """Return whether the package index had a build of requirements/NAME.txt for this machine."""
    text = (_VENV / "installed-{}".format(name)).read_text()
    return NO_BUILD not in text


def _pip_install(file: Path) -> str:
    """Install one lock file; return "installed", or NO_BUILD where the optional one has no wheel."""
    command = [str(_VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "2", "--require-hashes", "--only-binary", ":all:", "-r", str(file)]
    errors: List[str] = []
    with subprocess.Popen(
        command,
        env=pip_environment(str(_VENV_PYTHON)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ) as pip:
        assert pip.stdout is not None  # noqa: S101 - PIPE was asked for
        for line in pip.stdout:
            show_progress(line)
            if line.startswith("ERROR:"):
                errors.append(line[len("ERROR:") :].strip())
    if pip.returncode == 0:
        return "installed"
    if file.name == "llamacpp.txt" and any("No matching distribution" in error for error in errors):
        return NO_BUILD
    raise BootstrapError(_explanation(errors))


def pip_environment(python: str) -> Dict[str, str]:
    """Return the environment for an installation: of a person's settings of pip, only those that say whence.

    Others, such as `user`, `prefix` or `dry-run`, are meant for installations of theirs and would send the
    packages elsewhere, or nowhere.

    Args:
        python: which pip to ask.
    """
    found = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    for _, setting, value in sorted(_pip_settings(python), key=_pip_precedence):
        if setting in _PIP_SETTINGS:
            found["PIP_" + setting.upper().replace("-", "_")] = value
    # No file: what counts of them is in the environment now.
    found["PIP_CONFIG_FILE"] = os.devnull
    return found


def _pip_settings(python: str) -> List[Tuple[str, str, str]]:
    """Return a person's settings of pip as section, name and value; `:env:` is the environment."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
        check=False,
    )
    found: List[Tuple[str, str, str]] = []
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, setting = name.rpartition(".")
        found.append((section, setting, str(ast.literal_eval(value))))
    # pip installs by this file too, and does not list it.
    file = configparser.RawConfigParser()
    try:
        file.read(os.environ.get("PIP_CONFIG_FILE") or os.devnull)
    except (configparser.Error, UnicodeError) as error:
        raise BootstrapError(
            "the file that PIP_CONFIG_FILE names cannot be read: {}".format(error)
        ) from error
    found += [(section, *pair) for section in file.sections() for pair in file.items(section)]
    return [(section, setting.replace("_", "-"), value) for section, setting, value in found]


def _pip_precedence(line: Tuple[str, str, str]) -> int:
    """Return how strong a setting is: of all commands, of `install`, of the environment."""
    return {"install": 1, ":env:": 2}.get(line[0], 0)


def show_progress(line: str) -> None:
    if line.lstrip().startswith(("Collecting", "Downloading", "Using cached", "Installing")):
        print("  " + line.strip()[:100], file=sys.stderr, flush=True)


def _explanation(errors: List[str]) -> str:
    if any("HASHES" in error for error in errors):
        return (
            "a downloaded package is not the one that requirements/ locks, so nothing was installed; "
            "check which package index this machine uses"
        )
    return (
        "the dependencies could not be installed ({}); connect this machine to the network, "
        "which only the first run needs, and run the same command again".format(
            (errors or ["pip failed"])[-1]
        )
    )


def tell(text: str) -> None:
    print("localops: " + text, file=sys.stderr, flush=True)
