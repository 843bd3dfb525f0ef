"""Which lines of a requirements.txt name something on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localops.errors import RequirementsError
from localops.runtime.local_sources import MAX_FILES, copied, fingerprint, local_sources


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("./vendored", "vendored"),
        ("vendored/", "vendored"),
        ("./vendored[extra] ; python_version > '3'", "vendored"),
        ("  ./vendored   # ours", "vendored"),
        ("-e ./vendored", "vendored"),
        ("--editable=./vendored", "vendored"),
        ("thing @ file:vendored", "vendored"),
        ("file:./vendored", "vendored"),
        ("-r more.txt", "more.txt"),
        ("--constraint more.txt", "more.txt"),
        ("thing-1.0.whl", "thing-1.0.whl"),
        ("../beside", "../beside"),
        ("vendored", None),
        ("requests==2.0", None),
        ("thing @ https://example.org/thing.whl", None),
        ("git+https://example.org/./vendored", None),
        ("--index-url ./vendored", None),
        ("# ./vendored", None),
        ("./missing", None),
        ("", None),
        ("\0", None),
        ("-" * 5000, None),
    ],
)
def test_a_line_names_a_place_or_none(tmp_path: Path, line: str, found: str | None):
    folder = tmp_path / "action"
    for name in ("vendored", "../beside"):
        (folder / name).mkdir(parents=True)
    for name in ("more.txt", "thing-1.0.whl"):
        (folder / name).touch()
    expected = [Path(os.path.normpath(folder / found))] if found else []
    assert local_sources(folder, f"{line}\n{line}\n") == expected


def test_an_absolute_address_of_a_file_is_a_place(tmp_path: Path):
    for address in (f"file://{tmp_path}", f"file://localhost{tmp_path}", f"file:{tmp_path}", f"{tmp_path}"):
        assert local_sources(Path("/"), address) == [tmp_path]


def test_a_fingerprint_changes_with_any_file_but_not_with_leftovers(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.py").write_text("1")
    first = fingerprint([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").touch()
    assert fingerprint([tmp_path]) == first
    (tmp_path / "deep" / "a.py").write_text("22")
    assert fingerprint([tmp_path]) != first


def test_a_copy_lies_as_the_places_do_and_holds_no_odd_files(tmp_path: Path):
    project, target = tmp_path / "project", tmp_path / "target"
    for name in ("packages/one/vendored", "shared"):
        (project / name).mkdir(parents=True)
        (project / name / "file").write_text(name)
    os.mkfifo(project / "shared" / "pipe")
    (project / "shared" / "dangling").symlink_to("nowhere")
    folder = project / "packages" / "one"
    copy = copied(folder, [folder / "vendored", project / "shared"], target)
    assert (copy / "vendored" / "file").read_text() == "packages/one/vendored"
    assert sorted(os.listdir(copy / "../../shared")) == ["dangling", "file"]


def test_a_folder_with_everything_in_it_is_no_package(tmp_path: Path):
    for number in range(MAX_FILES + 1):
        (tmp_path / str(number)).touch()
    with pytest.raises(RequirementsError, match="more than 10000 files; name the folder of one package"):
        fingerprint([tmp_path])
