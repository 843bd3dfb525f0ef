"""Keep the copies of the library of chat actions identical to `mastro/` at a project's root.

`ops ide deploy` packs each action's folder alone, so each action that imports `mastro` has the whole folder.
An action in a single file can hold one module of it between two lines, best at its end, so that its readers
meet `main` first:

    # region login check: copied from mastro/session.py by python3 -m localops sync
    # endregion login check
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIBRARY = "mastro"
_SYNC = "python3 -m localops sync"
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+mastro\b", re.MULTILINE)
_REGION = re.compile(
    rb"(?P<start>^# region (?P<name>[^\n:]+): copied from (?P<source>mastro/\S+\.py) by "
    + _SYNC.encode()
    + rb"\r?\n)"
    rb"(?P<text>.*?)(?P<end>^# endregion (?P=name)\b)",
    re.MULTILINE | re.DOTALL,
)
_REGION_START = re.compile(rb"^# region .*copied from", re.MULTILINE)
# Before the end line, where the formatter wants it.
_BLANK_LINES = b"\n\n"


@dataclass(frozen=True)
class _Difference:
    """A place that is not as it has to be.

    Attributes:
        owner: the copy that the sentence about it names, relative to the project.
        wanted: what the file has to hold; None for a file that the library does not have.
    """

    owner: str
    place: Path
    wanted: bytes | None

    def mend(self) -> None:
        """Write in place: after a rename the watcher of `ops ide devel` would not see the file any more."""
        if self.place.is_symlink() or self.wanted is None:
            self.place.unlink()
        if self.wanted is not None:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.place.write_bytes(self.wanted)


def problems(project: Path) -> list[str]:
    """Return a sentence for each copy that is not identical, and for what no copying can put right.

    Args:
        project: the folder that holds `mastro/` and `packages/`.
    """
    found: dict[str, list[_Difference]] = {}
    for difference in _differences(project):
        found.setdefault(difference.owner, []).append(difference)
    stale = [
        f"{owner} is not a copy of {LIBRARY}/ ({_named(project, differences)}): run `{_SYNC}`"
        for owner, differences in found.items()
    ]
    return [*stale, *_puzzles(project)]


def sync(project: Path) -> list[Path]:
    """Make each copy identical, and return the files that were written or removed.

    What copying cannot put right is left as it is; `problems` names it.
    """
    changed: list[Path] = []
    for difference in _differences(project):
        difference.mend()
        changed.append(difference.place)
    return changed


def _named(project: Path, differences: list[_Difference]) -> str:
    first = differences[0].place.relative_to(project).as_posix()
    return first if len(differences) == 1 else f"{first} and {len(differences) - 1} more"


def _differences(project: Path) -> Iterator[_Difference]:
    library = _files(project / LIBRARY)
    if not library:
        return
    for action in _folders(project):
        if _imports_library(action):
            yield from _folder_differences(project, action / LIBRARY, library)
    for single in _singles(project):
        yield from _region_differences(project, single, library)


def _folder_differences(project: Path, copy: Path, library: dict[str, bytes]) -> Iterator[_Difference]:
    owner = copy.relative_to(project).as_posix()
    if copy.is_symlink():
        # Not every checkout keeps links. What it leads to is not ours to change.
        yield _Difference(owner, copy, None)
    have = {} if copy.is_symlink() else _files(copy)
    for name in sorted(library.keys() | have.keys()):
        place, wanted = copy / name, library.get(name)
        if have.get(name) != wanted or (place.is_symlink() and not copy.is_symlink()):
            yield _Difference(owner, place, wanted)


def _region_differences(project: Path, single: Path, library: dict[str, bytes]) -> Iterator[_Difference]:
    whole = single.read_bytes()
    wanted = _REGION.sub(lambda region: _refreshed(region, library), whole)
    if wanted != whole:
        yield _Difference(single.relative_to(project).as_posix(), single, wanted)


def _refreshed(region: re.Match[bytes], library: dict[str, bytes]) -> bytes:
    text = library.get(region["source"].decode().removeprefix(f"{LIBRARY}/"))
    return region[0] if text is None else region["start"] + text + _BLANK_LINES + region["end"]


def _puzzles(project: Path) -> Iterator[str]:
    library = _files(project / LIBRARY)
    if not library:
        return
    for action in _folders(project):
        if (action / LIBRARY).exists() and not _imports_library(action):
            name = action.relative_to(project).as_posix()
            yield f"{name} does not import {LIBRARY}: remove the folder {name}/{LIBRARY}"
    for single in _singles(project):
        name, text = single.relative_to(project).as_posix(), single.read_bytes()
        yield from (f"{name} {fault}" for fault in _faults_of_single(text, library))


def _faults_of_single(text: bytes, library: dict[str, bytes]) -> Iterator[str]:
    sources = [region["source"].decode() for region in _REGION.finditer(text)]
    if len(sources) != len(_REGION_START.findall(text)):
        yield (
            "has a copied region without its end, or one that does not begin with "
            f"`# region NAME: copied from {LIBRARY}/<...>.py by {_SYNC}`"
        )
    for source in sources:
        if source.removeprefix(f"{LIBRARY}/") not in library:
            yield f"holds a copy of {source}, which does not exist"
    if _IMPORT.search(text):
        yield (
            f"imports {LIBRARY}, which is not deployed with a single file: "
            "make the action a folder with a `__main__.py`"
        )


def _files(folder: Path) -> dict[str, bytes]:
    """Return the modules in a folder by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.py"))
        if path.is_file()
    }


def _folders(project: Path) -> list[Path]:
    return sorted(main.parent for main in project.glob("packages/*/*/__main__.py"))


def _singles(project: Path) -> list[Path]:
    return sorted(path for path in project.glob("packages/*/*.py") if path.is_file())


def _imports_library(action: Path) -> bool:
    own = (path for path in sorted(action.rglob("*.py")) if LIBRARY not in path.relative_to(action).parts)
    return any(_IMPORT.search(path.read_bytes()) for path in own if path.is_file())
