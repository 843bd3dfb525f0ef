"""The files and folders on this machine that a `requirements.txt` names, such as `./vendored`.

pip looks for them from its current folder and builds in them, leaving files behind that a later build takes
in. So they are copied beside one another, and it works in the copy.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from localops.errors import RequirementsError

_FILE_OPTIONS = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_LEFT_OUT = {"__pycache__", ".git"}
_MAX_LINE = 2000
MAX_FILES = 10_000


def local_sources(folder: Path, text: str) -> list[Path]:
    """Return what a requirements file names that lies on this machine, as absolute paths, each once."""
    named = (_named(line) for line in text.splitlines() if len(line) < _MAX_LINE)
    places = [Path(os.path.normpath(folder / name)) for name in named if name]
    return [place for place in dict.fromkeys(places) if os.path.lexists(place)]


def _named(line: str) -> str:
    """Return the path in a line; empty where it names a package of an index."""
    words = re.sub(r"(^|\s)#.*", "", line).strip()
    option, _, rest = words.replace("=", " ", 1).partition(" ") if words.startswith("-") else ("", "", words)
    if option and option not in _FILE_OPTIONS:
        return ""
    name = rest.partition(" @ ")[2] or rest
    name = re.split(r"\s*;|\s", name.strip(), maxsplit=1)[0].partition("[")[0]
    if name.startswith("file:"):
        return re.sub(r"^file:(//(localhost)?(?=/))?", "", name)
    is_path = os.sep in name or name.startswith(".") or name.endswith(_ARCHIVES) or option != ""
    return name if is_path and "://" not in name else ""


def fingerprint(places: Sequence[Path]) -> bytes:
    """Return what changes when a file in one of the places does.

    Raises:
        RequirementsError: there are too many files to look at.
    """
    digest = hashlib.sha256()
    for place in places:
        for number, file in enumerate(_files(place)):
            if number == MAX_FILES:
                raise RequirementsError(
                    f"requirements.txt names {place}, which has more than {MAX_FILES} files; "
                    "name the folder of one package"
                )
            facts = file.lstat()
            digest.update(f"{file}\0{facts.st_mtime_ns}\0{facts.st_size}\0".encode(errors="surrogateescape"))
    return digest.digest()


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        yield from (Path(folder, name) for name in sorted(files))


def copied(folder: Path, places: Sequence[Path], target: Path) -> Path:
    """Copy the places, as they lie to `folder`, and return the copy of `folder`.

    Raises:
        OSError: one cannot be read.
    """
    above = Path(os.path.commonpath([folder, *places]))
    copy = target / folder.relative_to(above)
    copy.mkdir(parents=True, exist_ok=True)
    for place in places:
        there = target / place.relative_to(above)
        if place.is_dir():
            shutil.copytree(place, there, symlinks=True, ignore=_left_out, dirs_exist_ok=True)
        elif place.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, there)
    return copy


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Return the names that are not copied: leftovers, and whatever is neither a file nor a folder."""
    return {name for name in names if name in _LEFT_OUT or not _is_copied(Path(folder, name))}


def _is_copied(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or path.is_file()
