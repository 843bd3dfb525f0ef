"""The folder of a MastroGPT project, and where in it localops finds what it needs."""

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
        """The folder of what localops keeps between runs; not part of the project, ignored by git."""
        return self.folder / ".localops"

    def make_private(self) -> None:
        """Make the private folder: its owner alone reads it, and git does not see it.

        Raises:
            StartError: it cannot be made.
        """
        try:
            self.private.mkdir(mode=0o700, exist_ok=True)
            (self.private / ".gitignore").write_text("*\n")
        except OSError as error:
            raise StartError(
                f"localops keeps its keys in {self.private} and cannot write there: {error.strerror}; "
                "check who owns that folder and whether the disk is full"
            ) from error

    @property
    def env_files(self) -> tuple[Path, Path]:
        """The files that a deployment reads, stronger first."""
        return self.packages / ".env", self.folder / ".env"

    def check(self) -> None:
        """Raise StartError when the folder holds no MastroGPT project, or none that can be read."""
        if not self.folder.is_dir():
            raise StartError(f"there is no folder {self.folder}; name a MastroGPT project with --project")
        if not self.packages.is_dir():
            raise StartError(
                f"{self.folder} has no folder packages/, so there is nothing to run; "
                "name a MastroGPT project with --project"
            )
        try:
            next(self.packages.iterdir(), None)
        except OSError as error:
            raise StartError(
                f"{self.packages} cannot be read: {error.strerror}; check who owns it"
            ) from error
