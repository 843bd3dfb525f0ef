"""Keep the copies of modules that several actions share identical to their source.

`ops ide deploy` packs each action's folder alone, so a module that two actions use stands in both. One copy
is the source; a line in its docstring, the same in all copies, says which: `Shared by copy: edit
packages/<...>.py only`. A single-file action holds a shared module between two lines, which may stand
anywhere in it, best at the end, so that its readers meet `main` first:

    # region streaming: copied from packages/chat/stateless/streaming.py by python3 -m localops sync
    # endregion streaming

No list of them is kept: the imports of each action, followed through its folder, say what it needs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from localops.reading.python_source import imported_names

SYNC = "python3 -m localops sync"
SOURCE_LINE = re.compile(rb"^Shared by copy: edit (packages/\S+\.py) only", re.MULTILINE)
REGION = re.compile(
    rb"(?P<start>^# region (?P<name>\w+): copied from (?P<source>packages/\S+\.py) by "
    + SYNC.encode()
    + rb"\r?\n)"
    rb"(?P<text>.*?)(?P<end>^# endregion (?P=name)\b)",
    re.MULTILINE | re.DOTALL,
)
REGION_START = re.compile(rb"^# region .*copied from", re.MULTILINE)
# Before the end line, where the formatter wants it.
BLANK_LINES = b"\n\n"


@dataclass(frozen=True)
class Copy:
    """A file that has to hold `wanted`, because of `sources`."""

    place: Path
    sources: tuple[Path, ...]
    wanted: bytes

    @property
    def fault(self) -> str:
        """Say what is wrong with it; nothing when it is right."""
        if self.place.is_symlink():
            return "is a link, which not every checkout keeps, instead of a copy of"
        if not self.place.exists():
            return "is missing; it is a copy of"
        return "" if self.place.read_bytes() == self.wanted else "differs from"

    def write(self) -> None:
        """Write in place: after a rename the watcher of `ops ide devel` would not see the file any more."""
        if self.place.is_symlink():
            self.place.unlink()
        self.place.write_bytes(self.wanted)


@dataclass
class Packages:
    """What a look at a project's `packages/` found.

    Attributes:
        sources: the shared modules by name.
        copies: every file that is a copy, has to become one, or holds one.
        puzzles: a sentence for each thing that no copying can put right.
    """

    project: Path
    sources: dict[str, Path] = field(default_factory=dict[str, Path])
    copies: list[Copy] = field(default_factory=list[Copy])
    puzzles: list[str] = field(default_factory=list[str])

    def look(self) -> Packages:
        modules = sorted(self.project.glob("packages/*/*/*.py"))
        for module in modules:
            if self.named_source(module) == module:
                self.add_source(module)
        for main in sorted(self.project.glob("packages/*/*/__main__.py")):
            self.add_folder(main.parent)
        for single in sorted(self.project.glob("packages/*/*.py")):
            self.add_single(single)
        return self

    def add_source(self, module: Path) -> None:
        first = self.sources.setdefault(module.stem, module)
        if first != module:
            self.puzzles.append(f"{self.shown(first)} and {self.shown(module)} are both shared: rename one")

    def add_folder(self, folder: Path) -> None:
        """Add the copies that an action's folder needs, and those that it has."""
        needed = {folder / f"{name}.py" for name in self.reached(folder)}
        for place in sorted(needed | {path for path in folder.glob("*.py") if self.named_source(path)}):
            source = self.sources.get(place.stem)
            if source == place or self.is_own(place):
                continue
            if source:
                self.copies.append(Copy(place, (source,), source.read_bytes()))
            elif named := self.named_source(place):
                self.puzzles.append(
                    f"{self.shown(place)} is a copy of {self.shown(named)}, which is no shared module: "
                    "put that back, or name another file in its line"
                )

    def add_single(self, single: Path) -> None:
        """Add a single-file action that holds regions, and name what it cannot hold."""
        whole = single.read_bytes()
        sources = tuple(self.region_source(region) for region in REGION.finditer(whole))
        unknown = [source for source in sources if source not in self.sources.values()]
        if len(sources) != len(REGION_START.findall(whole)):
            self.puzzles.append(
                f"{self.shown(single)} has a copied region without its end, or one that does not begin with "
                f"`# region NAME: copied from packages/<...>.py by {SYNC}`"
            )
        self.puzzles += [
            f"{self.shown(single)} copies {self.shown(source)}, which is no shared module"
            for source in unknown
        ]
        self.puzzles += [
            f"{self.shown(single)} imports {name}, which is not deployed with it: take the import out and "
            f"put `# region {name}: copied from {self.shown(self.sources[name])} by {SYNC}` and "
            f"`# endregion {name}` at its end"
            for name in sorted(self.imports(single) & self.sources.keys())
        ]
        if sources and not unknown:
            self.copies.append(Copy(single, sources, REGION.sub(self.refreshed, whole)))

    def refreshed(self, region: re.Match[bytes]) -> bytes:
        return region["start"] + self.region_source(region).read_bytes() + BLANK_LINES + region["end"]

    def region_source(self, region: re.Match[bytes]) -> Path:
        return self.project / region["source"].decode()

    def reached(self, folder: Path) -> set[str]:
        """Give the names that an action's `__main__.py` imports, itself or through its siblings."""
        found: set[str] = set()
        waiting = [folder / "__main__.py"]
        while waiting:
            for name in self.imports(waiting.pop()) - found:
                found.add(name)
                own = folder / f"{name}.py"
                module = own if self.is_own(own) else self.sources.get(name)
                if module:
                    waiting.append(module)
        return found

    def imports(self, module: Path) -> set[str]:
        try:
            tree = ast.parse(module.read_bytes())
        except (SyntaxError, ValueError) as error:
            self.puzzles.append(f"{self.shown(module)} is not Python, so what it imports is unknown: {error}")
            return set()
        return set(imported(tree))

    def is_own(self, place: Path) -> bool:
        """Whether a file is the action's own, so that nothing may be written over it."""
        return place.is_file() and not place.is_symlink() and not self.named_source(place)

    def named_source(self, module: Path) -> Path | None:
        named = SOURCE_LINE.search(module.read_bytes()) if module.is_file() else None
        return self.project / named[1].decode() if named else None

    def shown(self, path: Path) -> str:
        return path.relative_to(self.project).as_posix()


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the first part of each name that is imported absolutely, anywhere in a module."""
    for node in ast.walk(tree):
        yield from imported_names(node)


def problems(project: Path) -> list[str]:
    """Name each copy that is missing, a link, or different from its source, and what to do.

    Args:
        project: the folder that holds `packages/`.
    """
    found = Packages(project).look()
    faults = [
        f"{found.shown(copy.place)} {copy.fault} {' and '.join(map(found.shown, copy.sources))}: run `{SYNC}`"
        for copy in found.copies
        if copy.fault
    ]
    return list(dict.fromkeys(faults + found.puzzles))


def sync(project: Path) -> list[Path]:
    """Write each copy that is not right, and return the files that were written.

    What copying cannot put right is left as it is; `problems` names it.
    """
    stale = [copy for copy in Packages(project).look().copies if copy.fault]
    for copy in stale:
        copy.write()
    return [copy.place for copy in stale]
