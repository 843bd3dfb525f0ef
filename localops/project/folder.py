"""The folder of a MastroGPT project, and where in it the things are that localops needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localops.errors import StartError


@dataclass(frozen=True)
class Project:
    """The folder that is served."""

    folder: Path

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @property
    def private(self) -> Path:
        """What localops keeps between runs; never part of the project, ignored by git."""
        return self.folder / ".localops"

    def make_private(self) -> None:
        """Make the private folder: its owner alone reads it, and git does not see it."""
        self.private.mkdir(mode=0o700, exist_ok=True)
        (self.private / ".gitignore").write_text("*\n")

    @property
    def env_files(self) -> tuple[Path, Path]:
        """The files that a deployment reads, stronger first."""
        return self.packages / ".env", self.folder / ".env"

    def check(self) -> None:
        """Raise StartError when the folder holds no MastroGPT project."""
        if not self.packages.is_dir():
            raise StartError(
                f"{self.folder} has no folder packages/, so there is nothing to run; "
                "name a MastroGPT project with --project"
            )
