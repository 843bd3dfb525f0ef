"""Fixtures that all tests share."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from dotenv import dotenv_values
from hypothesis import settings

ROOT = Path(__file__).parent.parent
PACKAGES = ROOT / "packages"
EXAMPLES = ROOT / "tests" / "examples"

# A __pycache__ in an action's folder would be packed and deployed with it.
sys.pycache_prefix = str(ROOT / ".pytest_cache" / "bytecode")
sys.path.insert(0, str(ROOT / "tests"))

# A run may not depend on luck. What `--hypothesis-profile=explore` finds becomes an @example of its test.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("repeatable")

# A script that starts the tests with `&` has SIGINT ignored, and all that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

from fuzzing import fuzz  # noqa: E402
from left_out import sentences  # noqa: E402
from localops_process import MODEL_SETTING, LocalopsProcess  # noqa: E402
from scripted_ollama import ScriptedOllama, ollama  # noqa: E402
from side_by_side import (  # noqa: E402
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from streamock import streamer  # noqa: E402
from throwaway_redis import redis_server  # noqa: E402

__all__ = [
    "fuzz",
    "ollama",
    "pytest_collection_modifyitems",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
    "redis_server",
    "streamer",
]


@pytest.fixture(scope="session")
def default_ollama() -> Iterator[ScriptedOllama]:
    """Start a scripted model for tests that only need some model to be there."""
    with ScriptedOllama() as server:
        yield server


@pytest.fixture(autouse=True)
def test_environment(monkeypatch: pytest.MonkeyPatch, default_ollama: ScriptedOllama) -> None:
    """Set what tests see: `.env`, then `tests/.env` over it, and the scripted model as OLLAMA_HOST."""
    for name in (*filter(MODEL_SETTING.match, os.environ), "LOGIN_SECRET", "REDIS_URL", "REDIS_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in dotenv_values(ROOT / ".env").items():
        monkeypatch.setenv(name, os.environ.get(name, value or ""))
    for name, value in dotenv_values(ROOT / "tests" / ".env").items():
        monkeypatch.setenv(name, value or "")
    monkeypatch.setenv("OLLAMA_HOST", default_ollama.host)


@pytest.fixture
def load_action(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import an action the way the runtime does: alone, with its folder first."""
    before = set(sys.modules)

    # The library that localops reads settings with is the one at the root, not the action's copy.
    for name in [name for name in sys.modules if name.partition(".")[0] == "mastro"]:
        monkeypatch.delitem(sys.modules, name)

    def load(name: str) -> ModuleType:
        single = PACKAGES / f"{name}.py"
        main = single if single.exists() else PACKAGES / name / "__main__.py"
        if main is not single:
            monkeypatch.syspath_prepend(main.parent)
        spec = importlib.util.spec_from_file_location("main__", main)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in set(sys.modules) - before:
        path = getattr(sys.modules[name], "__file__", None)
        if path and Path(path).is_relative_to(PACKAGES):
            del sys.modules[name]


@pytest.fixture(scope="session")
def localops() -> Iterator[LocalopsProcess]:
    """Serve this project with localops and its built-in model."""
    with LocalopsProcess() as process:
        yield process


@pytest.fixture(scope="session")
def running_desk() -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=EXAMPLES, environment={"GREETING": "hello there"}) as process:
        yield process


@pytest.fixture
def desk(running_desk: LocalopsProcess) -> LocalopsProcess:
    """Serve the example actions of tests/examples, good and broken, with localops."""
    running_desk.forget_lines()
    return running_desk


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report that where everything is required, a skipped test is a failed run."""
    if os.environ.get("LOCALOPS_REQUIRE_ALL") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("LOCALOPS_REQUIRE_ALL is set, and tests were skipped", red=True)
    for sentence in sentences():
        terminalreporter.write_line(sentence)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("LOCALOPS_REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
