"""The copies of modules that several actions share."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from localops import shared

STREAMING = "packages/chat/first/streaming.py"
MODELS = "packages/chat/first/models.py"
REGION = "# region streaming: copied from {} by python3 -m localops sync\n"
END = "# endregion streaming\n"


def source(path: str, code: str = "GAP_S = 0.05\n") -> str:
    return (
        f'"""Stream.\n\nShared by copy: edit {path} only, then run `python3 -m localops sync`.\n"""\n\n{code}'
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one action that owns a shared module."""
    write(tmp_path, "packages/chat/first/__main__.py", "import streaming\n")
    write(tmp_path, STREAMING, source(STREAMING))
    return tmp_path


def write(project: Path, path: str, text: str) -> Path:
    place = project / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, newline="")
    return place


def second_copy(project: Path) -> Path:
    """Add a second action that imports the module, and return where its copy belongs."""
    write(project, "packages/chat/second/__main__.py", "import streaming\n")
    return project / "packages/chat/second/streaming.py"


def written(project: Path) -> list[str]:
    return [path.relative_to(project).as_posix() for path in shared.sync(project)]


def test_the_source_alone_needs_nothing(project: Path):
    assert shared.problems(project) == []
    assert written(project) == []


def test_a_missing_copy_is_named_with_the_fix_and_sync_writes_it(project: Path):
    copy = second_copy(project)
    assert shared.problems(project) == [
        "packages/chat/second/streaming.py is missing; it is a copy of packages/chat/first/streaming.py: "
        "run `python3 -m localops sync`"
    ]
    assert written(project) == ["packages/chat/second/streaming.py"]
    assert copy.read_bytes() == (project / STREAMING).read_bytes()
    assert shared.problems(project) == []
    assert written(project) == []


def test_a_copy_that_was_edited_is_named_and_written_anew_in_place(project: Path):
    copy = second_copy(project)
    shared.sync(project)
    copy.write_text(source(STREAMING, "GAP_S = 0\n"))
    before = copy.stat().st_ino
    assert "second/streaming.py differs from packages/chat/first/streaming.py" in shared.problems(project)[0]
    assert written(project) == ["packages/chat/second/streaming.py"]
    assert copy.read_bytes() == (project / STREAMING).read_bytes()
    assert copy.stat().st_ino == before


def test_a_difference_in_line_ends_is_a_difference(project: Path):
    copy = second_copy(project)
    copy.write_bytes((project / STREAMING).read_bytes().replace(b"\n", b"\r\n"))
    assert "differs from" in shared.problems(project)[0]


@pytest.mark.parametrize("target", ["../first/streaming.py", "nowhere.py"])
def test_a_link_is_named_and_becomes_a_file(project: Path, target: str):
    copy = second_copy(project)
    copy.symlink_to(target)
    assert "second/streaming.py is a link" in shared.problems(project)[0]
    assert written(project) == ["packages/chat/second/streaming.py"]
    assert not copy.is_symlink()
    assert copy.read_bytes() == (project / STREAMING).read_bytes()
    assert not (project / "packages/chat/second/nowhere.py").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "import streaming",
        "import json, streaming as stream",
        "from streaming import GAP_S",
        "def main(args):\n    import streaming",
    ],
)
def test_every_form_of_import_counts(project: Path, statement: str):
    write(project, "packages/chat/second/__main__.py", statement + "\n")
    assert written(project) == ["packages/chat/second/streaming.py"]


def test_what_a_sibling_or_a_shared_module_imports_counts_too(project: Path):
    write(project, MODELS, source(MODELS, "import streaming\n"))
    write(project, "packages/other/third/__main__.py", "import third\n")
    write(project, "packages/other/third/third.py", "from models import choose\n")
    assert written(project) == ["packages/other/third/models.py", "packages/other/third/streaming.py"]


def test_a_sibling_that_nothing_imports_needs_no_copies(project: Path):
    write(project, "packages/chat/second/__main__.py", "import json\n")
    write(project, "packages/chat/second/unused.py", "import streaming\n")
    assert shared.problems(project) == []


def test_a_copy_that_nothing_imports_any_more_is_kept_equal(project: Path):
    write(project, "packages/chat/second/__main__.py", "import json\n")
    write(project, "packages/chat/second/streaming.py", source(STREAMING, "OLD = 1\n"))
    assert written(project) == ["packages/chat/second/streaming.py"]


def test_modules_that_import_each_other_end(project: Path):
    write(project, MODELS, source(MODELS, "import streaming\n"))
    write(project, STREAMING, source(STREAMING, "import models\n"))
    second_copy(project)
    assert written(project) == ["packages/chat/second/models.py", "packages/chat/second/streaming.py"]


def test_an_actions_own_module_of_the_same_name_is_never_written_over(project: Path):
    own = write(project, "packages/chat/second/streaming.py", "MINE = True\n")
    write(project, "packages/chat/second/__main__.py", "import streaming\n")
    assert shared.problems(project) == []
    assert written(project) == []
    assert own.read_text() == "MINE = True\n"


def test_a_copy_whose_source_is_gone_is_named(project: Path):
    copy = second_copy(project)
    shared.sync(project)
    (project / STREAMING).unlink()
    assert "second/streaming.py is a copy of packages/chat/first/streaming.py, which is no shared module" in (
        "".join(shared.problems(project))
    )
    assert written(project) == []
    assert copy.is_file()


def test_two_shared_modules_of_one_name_are_named(project: Path):
    other = "packages/chat/second/streaming.py"
    write(project, other, source(other))
    assert shared.problems(project) == [
        "packages/chat/first/streaming.py and packages/chat/second/streaming.py are both shared: rename one"
    ]


def test_an_action_that_is_not_python_is_named_and_the_others_are_served(project: Path):
    write(project, "packages/chat/broken/__main__.py", "def main(:\n")
    second_copy(project)
    assert written(project) == ["packages/chat/second/streaming.py"]
    assert len(shared.problems(project)) == 1
    assert "packages/chat/broken/__main__.py is not Python" in shared.problems(project)[0]


class TestSingleFileActions:
    def test_the_text_between_the_two_lines_becomes_the_source(self, project: Path):
        single = write(
            project, "packages/chat/one.py", "# --web true\n" + REGION.format(STREAMING) + END + "X = 1\n"
        )
        assert (
            "packages/chat/one.py differs from packages/chat/first/streaming.py"
            in shared.problems(project)[0]
        )
        assert written(project) == ["packages/chat/one.py"]
        assert single.read_text() == (
            "# --web true\n" + REGION.format(STREAMING) + source(STREAMING) + "\n\n" + END + "X = 1\n"
        )
        assert shared.problems(project) == []

    def test_an_edit_inside_is_put_back_in_place_and_the_rest_stays(self, project: Path):
        inside = REGION.format(STREAMING) + "EDITED = 1\n" + END
        single = write(project, "packages/chat/one.py", f"BEFORE = 1\n{inside}AFTER = 1\n")
        before = single.stat().st_ino
        assert written(project) == ["packages/chat/one.py"]
        assert single.stat().st_ino == before
        text = single.read_text()
        assert text.startswith("BEFORE = 1\n")
        assert text.endswith("AFTER = 1\n")
        assert "EDITED" not in text

    def test_what_stands_above_its_copies_can_use_them(self, project: Path):
        own = '"""One."""\n# --web true\n\n\ndef main(args: dict):\n    return {"body": GAP_S * OTHER}\n\n\n'
        write(project, MODELS, source(MODELS, "OTHER = 2\n"))
        second = REGION.format(MODELS).replace("streaming", "models") + "# endregion models\n"
        single = write(project, "packages/chat/one.py", f"{own}{REGION.format(STREAMING)}{END}\n\n{second}")
        assert written(project) == ["packages/chat/one.py"]
        assert single.read_text().startswith(own)
        assert single.read_text().endswith("OTHER = 2\n\n\n# endregion models\n")
        assert runpy.run_path(str(single))["main"]({}) == {"body": 0.1}
        (project / STREAMING).write_text(source(STREAMING, "GAP_S = 1\n"))
        assert "one.py differs from" in shared.problems(project)[0]
        assert written(project) == ["packages/chat/one.py"]
        assert runpy.run_path(str(single))["main"]({}) == {"body": 2}

    def test_several_regions_are_kept_apart(self, project: Path):
        write(project, MODELS, source(MODELS, "MODELS = []\n"))
        second = REGION.format(MODELS).replace("streaming", "models") + "# endregion models\n"
        single = write(project, "packages/chat/one.py", REGION.format(STREAMING) + END + second)
        shared.sync(project)
        text = single.read_text()
        assert text.index("GAP_S = 0.05") < text.index(END) < text.index("MODELS = []")
        assert shared.problems(project) == []

    def test_other_regions_are_the_persons_own(self, project: Path):
        write(project, "packages/chat/one.py", "# region mine\nX = 1\n# endregion\n")
        assert shared.problems(project) == []

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            (
                REGION.format(STREAMING) + "X = 1\n",
                "packages/chat/one.py has a copied region without its end",
            ),
            (f"# region streaming, copied from {STREAMING}\n{END}", "or one that does not begin with"),
            (
                REGION.format("packages/chat/gone.py") + END,
                "copies packages/chat/gone.py, which is no shared",
            ),
            (
                "import streaming\n",
                "`# region streaming: copied from packages/chat/first/streaming.py by python3",
            ),
        ],
    )
    def test_what_no_copying_can_put_right_is_named_and_left_alone(self, project: Path, text: str, part: str):
        single = write(project, "packages/chat/one.py", text)
        assert part in "".join(shared.problems(project))
        assert written(project) == []
        assert single.read_text() == text
