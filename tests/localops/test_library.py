"""The copies of mastro/ in the actions."""

from __future__ import annotations

import runpy
from pathlib import Path

import httpx
import pytest
from localops_process import LocalopsProcess
from waiting import eventually

from localops import library

CLOCK = "GAP_S = 0.05\n"
REGION = "# region clock: copied from mastro/streaming/clock.py by python3 -m localops sync\n"
END = "# endregion clock\n"
COPIES = [
    "packages/chat/first/mastro/__init__.py",
    "packages/chat/first/mastro/models.py",
    "packages/chat/first/mastro/streaming/clock.py",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Provide a project with a library and one action that imports it."""
    write(tmp_path, "mastro/__init__.py", '"""A library."""\n')
    write(tmp_path, "mastro/models.py", "OTHER = 2\n")
    write(tmp_path, "mastro/streaming/clock.py", CLOCK)
    write(tmp_path, "packages/chat/first/__main__.py", "from mastro.streaming import clock\n")
    return tmp_path


def write(project: Path, path: str, text: str) -> Path:
    place = project / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, newline="")
    return place


def written(project: Path) -> list[str]:
    return [path.relative_to(project).as_posix() for path in library.sync(project)]


def test_a_missing_copy_is_named_with_the_fix_and_sync_writes_the_whole_folder(project: Path):
    assert library.problems(project) == [
        "packages/chat/first/mastro is not a copy of mastro/ "
        "(packages/chat/first/mastro/__init__.py and 2 more): run `python3 -m localops sync`"
    ]
    assert written(project) == COPIES
    assert [(project / copy).read_bytes() for copy in COPIES] == [
        (project / copy.removeprefix("packages/chat/first/")).read_bytes() for copy in COPIES
    ]
    assert library.problems(project) == []
    assert written(project) == []


@pytest.mark.parametrize("text", ["GAP_S = 0\n", CLOCK.replace("\n", "\r\n"), ""])
def test_a_copy_that_was_edited_is_named_and_written_again_in_place(project: Path, text: str):
    library.sync(project)
    copy = write(project, COPIES[2], text)
    before = copy.stat().st_ino
    assert f"mastro/ ({COPIES[2]}): run" in library.problems(project)[0]
    assert written(project) == [COPIES[2]]
    assert copy.read_text() == CLOCK
    assert copy.stat().st_ino == before


def test_an_edit_of_the_library_reaches_every_copy(project: Path):
    write(project, "packages/other/second/__main__.py", "import mastro\n")
    library.sync(project)
    write(project, "mastro/models.py", "OTHER = 3\n")
    assert written(project) == [COPIES[1], "packages/other/second/mastro/models.py"]


def test_what_the_library_does_not_have_any_more_is_removed_from_the_copies(project: Path):
    library.sync(project)
    (project / "mastro/models.py").unlink()
    assert COPIES[1] in library.problems(project)[0]
    assert written(project) == [COPIES[1]]
    assert not (project / COPIES[1]).exists()


def test_a_link_to_the_folder_is_named_and_becomes_a_folder(project: Path):
    copy = project / "packages/chat/first/mastro"
    copy.symlink_to("../../../mastro")
    assert "packages/chat/first/mastro is not a copy" in library.problems(project)[0]
    library.sync(project)
    assert not copy.is_symlink()
    assert (copy / "streaming/clock.py").read_text() == CLOCK
    assert (project / "mastro/streaming/clock.py").read_text() == CLOCK
    assert library.problems(project) == []


@pytest.mark.parametrize("target", ["../../../../../mastro/streaming/clock.py", "nowhere.py"])
def test_a_link_to_a_file_is_named_and_becomes_a_file(project: Path, target: str):
    library.sync(project)
    copy = project / COPIES[2]
    copy.unlink()
    copy.symlink_to(target)
    assert COPIES[2] in library.problems(project)[0]
    assert written(project) == [COPIES[2]]
    assert not copy.is_symlink()
    assert copy.read_text() == CLOCK
    assert not (copy.parent / "nowhere.py").exists()


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("__main__.py", "import mastro"),
        ("__main__.py", "import mastro.streaming.clock as clock"),
        ("__main__.py", "from mastro.streaming.clock import GAP_S"),
        ("__main__.py", "def main(args):\n    from mastro import models"),
        ("second.py", "from mastro import models"),
        ("parts/one.py", "from mastro import models"),
    ],
)
def test_every_import_in_an_action_counts(project: Path, file: str, statement: str):
    library.sync(project)
    write(project, "packages/chat/second/__main__.py", "import second\n")
    write(project, f"packages/chat/second/{file}", statement + "\n")
    assert written(project) == [copy.replace("first", "second") for copy in COPIES]


@pytest.mark.parametrize("statement", ["import mastromind", "from . import mastro_like", "# import mastro"])
def test_nothing_else_counts(project: Path, statement: str):
    library.sync(project)
    write(project, "packages/chat/second/__main__.py", statement + "\n")
    assert written(project) == []
    assert library.problems(project) == []


def test_a_copy_that_its_action_does_not_import_is_named_and_left_alone(project: Path):
    library.sync(project)
    write(project, "packages/chat/first/__main__.py", "import json\n")
    assert library.problems(project) == [
        "packages/chat/first does not import mastro: remove the folder packages/chat/first/mastro"
    ]
    assert written(project) == []


def test_an_action_that_is_not_python_is_served_too(project: Path):
    write(project, "packages/chat/first/__main__.py", "from mastro import models\ndef main(:\n")
    assert written(project) == COPIES


def test_a_project_without_a_library_is_left_alone(tmp_path: Path):
    write(tmp_path, "packages/chat/own/__main__.py", "import mastro\n")
    own = write(tmp_path, "packages/chat/own/mastro/__init__.py", "MINE = True\n")
    assert library.problems(tmp_path) == []
    assert written(tmp_path) == []
    assert own.read_text() == "MINE = True\n"


class TestSingleFileActions:
    def test_the_text_between_the_two_lines_becomes_the_module(self, project: Path):
        library.sync(project)
        single = write(project, "packages/chat/one.py", f"# --web true\n{REGION}{END}X = 1\n")
        assert "packages/chat/one.py is not a copy of mastro/" in library.problems(project)[0]
        assert written(project) == ["packages/chat/one.py"]
        assert single.read_text() == f"# --web true\n{REGION}{CLOCK}\n\n{END}X = 1\n"
        assert library.problems(project) == []

    def test_an_edit_inside_is_put_back_in_place_and_the_rest_stays(self, project: Path):
        library.sync(project)
        single = write(
            project, "packages/chat/one.py", f"BEFORE = 1\n{REGION}EDITED = 1\n\n\n{END}AFTER = 1\n"
        )
        before = single.stat().st_ino
        assert written(project) == ["packages/chat/one.py"]
        assert single.stat().st_ino == before
        assert single.read_text() == f"BEFORE = 1\n{REGION}{CLOCK}\n\n{END}AFTER = 1\n"

    def test_what_stands_above_its_copies_can_use_them(self, project: Path):
        library.sync(project)
        own = '"""One."""\n\n\ndef main(args: dict):\n    return {"body": GAP_S * OTHER}\n\n\n'
        other = REGION.replace("clock", "models").replace("streaming/", "") + "# endregion models\n"
        single = write(project, "packages/chat/one.py", f"{own}{REGION}{END}\n\n{other}")
        assert written(project) == ["packages/chat/one.py"]
        assert single.read_text().startswith(own)
        assert runpy.run_path(str(single))["main"]({}) == {"body": 0.1}
        write(project, "mastro/streaming/clock.py", "GAP_S = 1\n")
        assert "packages/chat/one.py" in written(project)
        assert runpy.run_path(str(single))["main"]({}) == {"body": 2}

    def test_other_regions_belong_to_the_person(self, project: Path):
        library.sync(project)
        write(project, "packages/chat/one.py", "# region mine\nX = 1\n# endregion\n")
        assert library.problems(project) == []

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            (REGION + "X = 1\n", "packages/chat/one.py has a copied region without its end"),
            (f"# region clock, copied from mastro\n{END}", "or one that does not begin with"),
            (
                REGION.replace("streaming/clock", "gone") + END,
                "packages/chat/one.py holds a copy of mastro/gone.py, which does not exist",
            ),
            ("import mastro\n", "packages/chat/one.py imports mastro, which is not deployed with a single"),
        ],
    )
    def test_what_no_copying_can_put_right_is_named_and_left_alone(self, project: Path, text: str, part: str):
        library.sync(project)
        single = write(project, "packages/chat/one.py", text)
        assert part in "".join(library.problems(project))
        assert written(project) == []
        assert single.read_text() == text


def test_an_edit_of_the_library_reaches_the_next_call_of_an_action_while_up_runs(project: Path):
    main = "from mastro.streaming import clock\ndef main(args):\n    return {'body': clock.GAP_S}\n"
    write(project, "packages/chat/first/__main__.py", f"# --web true\n{main}")
    library.sync(project)
    with LocalopsProcess(project=project) as server:

        def answer() -> str:
            return httpx.get(f"{server.url}/api/my/chat/first", timeout=30).text

        assert answer() == "0.05"
        write(project, "mastro/streaming/clock.py", "GAP_S = 7\n")
        assert eventually(lambda: answer() == "7"), "the edit does not reach the action"
    assert library.problems(project) == []
