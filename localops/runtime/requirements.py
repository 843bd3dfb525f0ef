"""The packages that an action's own `requirements.txt` asks for, installed once and kept.

In the cloud `ops ide deploy` packs them with the action, in a virtualenv. Here they lie in the project's
private folder, one environment for each content of a `requirements.txt`, whichever actions share it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import sys
from pathlib import Path

from localops.errors import RequirementsError

log = logging.getLogger("localops.runtime.requirements")


class Requirements:
    """Environments below a folder that git ignores.

    Args:
        folder: made when the first environment is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.locks: dict[Path, asyncio.Lock] = {}

    async def environment(self, action_folder: Path | None) -> Path | None:
        """The folder to import an action's packages from; None when it asks for none.

        Raises:
            RequirementsError: they cannot be installed; nothing is left behind.
        """
        wanted = action_folder / "requirements.txt" if action_folder else None
        if wanted is None or not wanted.is_file():
            return None
        python = "{}.{}".format(*sys.version_info[:2])
        digest = hashlib.sha256(python.encode() + wanted.read_bytes()).hexdigest()
        target = self.folder / digest[:32]
        async with self.locks.setdefault(target, asyncio.Lock()):
            if not target.is_dir():
                await self.install(wanted, target)
        return target

    async def install(self, wanted: Path, target: Path) -> None:
        log.info("installing %s/requirements.txt, once", wanted.parent.name)
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--target", str(unfinished), "--requirement", str(wanted)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        if process.returncode:
            reason = said.decode(errors="replace").strip().splitlines()[-1:] or ["pip failed"]
            raise RequirementsError(
                f"{wanted.parent.name}/requirements.txt could not be installed: {reason[0]}; "
                "mend the file, or connect this machine to the network, and call the action again"
            )
        unfinished.rename(target)
