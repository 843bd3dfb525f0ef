"""Install the packages that an action needs and localops lacks, once, and keep them.

In the cloud `ops ide deploy` packs those of a `requirements.txt` with the action, in a virtualenv; others the
runtime's image has. Here they lie in the project's private folder, one environment for all actions that need
the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from localops import bootstrap
from localops.errors import RequirementsError
from localops.openwhisk.entities import Code
from localops.runtime.image_packages import missing_packages
from localops.runtime.local_sources import copied, fingerprint, local_sources

_log = logging.getLogger("localops.runtime.requirements")


class Requirements:
    """The installed environments, below a folder that git ignores.

    Args:
        folder: made when the first environment is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()  # pip works elsewhere
        self._locks: dict[Path, asyncio.Lock] = {}

    async def environment(self, code: Code) -> Path | None:
        """Return the folder of an action's packages; None when it needs only those of localops.

        Raises:
            RequirementsError: they cannot be installed; nothing is left behind.
            OSError: the action's files cannot be read.
        """
        file = code.folder / "requirements.txt" if code.folder else None
        asked_for = file if file and file.is_file() else None
        missing = missing_packages(code)
        if asked_for is None and not missing:
            return None
        text = asked_for.read_text(errors="replace") if asked_for else ""
        places = local_sources(asked_for.parent.resolve(), text) if asked_for else []
        content = "\n".join([text, *missing]).encode()
        # Of two actions that name ./vendored each means its own, and an edit there is to be seen.
        content += await asyncio.to_thread(fingerprint, places) if places else b""
        python = "{}.{}".format(*sys.version_info[:2])
        target = self._folder / hashlib.sha256(python.encode() + content).hexdigest()[:32]
        async with self._locks.setdefault(target, asyncio.Lock()):
            if not target.is_dir():
                await self._install(code, asked_for, missing, places, target)
        return target

    async def _install(
        self, code: Code, asked_for: Path | None, missing: list[str], places: list[Path], target: Path
    ) -> None:
        name = (code.folder or code.main_file).name
        sources = [f"{name}/requirements.txt"] if asked_for else []
        sources += (
            [f"{', '.join(missing)} (which {name} imports and the cloud's runtime has)"] if missing else []
        )
        _log.info("installing %s, once", " and ".join(sources))
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        wanted = [*(("--requirement", str(asked_for)) if asked_for else ()), *missing]
        with tempfile.TemporaryDirectory(prefix="localops-") as copies:
            folder = code.folder
            if folder and places:
                folder = await asyncio.to_thread(copied, folder.resolve(), places, Path(copies))
            said = await _pip(unfinished, wanted, folder)
        if said is not None:
            remedy = "correct the file, or connect" if asked_for else "connect"
            raise RequirementsError(
                f"{' and '.join(sources)} could not be installed: {reason_of(said)}; "
                f"{remedy} this machine to the network if it is needed, and call the action again"
            )
        unfinished.rename(target)


async def _pip(target: Path, wanted: Sequence[str], folder: Path | None) -> str | None:
    """Install packages into a folder; return what pip said where it failed.

    Args:
        folder: where `./vendored` in a requirements file is looked for, as the deployer does.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--target", str(target), *wanted),
        env=await asyncio.to_thread(bootstrap.pip_environment, sys.executable),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return said.decode(errors="replace") if process.returncode else None


def reason_of(said: str) -> str:
    """Return the line in what pip said that names the cause: the others are advice, and a trace."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    built = [lines[place - 1] for place, line in enumerate(lines) if line == "[end of output]" and place]
    return [*lines[-1:], *errors[-1:], *built[-1:]][-1] if lines else "pip failed"
