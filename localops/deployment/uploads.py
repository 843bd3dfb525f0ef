"""The code that came over the REST API, kept in the project's private folder by the digest of its content."""

from __future__ import annotations

import base64
import hashlib
import logging
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from localops.access import private_file
from localops.openwhisk.entities import Code
from localops.openwhisk.put_content import Exec

# The runtime gives the main file this name, so that action code can import `main__`.
_MAIN_FILE = "main__.py"
_MAIN_FILE_PACKED = "__main__.py"
_VIRTUALENV = "virtualenv"
_FILES = "files"
_ARCHIVE = "upload.zip"
_ENCODED_SOURCE = "upload.base64.py"

_log = logging.getLogger("localops.deployment.uploads")


class Uploads:
    """Uploaded code. A folder never changes once it is there, so what runs from it is not disturbed.

    Each holds the upload itself where it was not plain text, and the files that it consists of.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, code: Exec) -> Code:
        """Put code where a process can load it. Slow for a large archive: call it in a thread.

        Raises:
            RequestError: 400, it is an archive that cannot be trusted.
            StorageError: the disk does not take it; nothing is left of it.
        """
        binary = code.decoded()
        data = code.text.encode() if binary is None else binary
        target = self._folder / hashlib.sha256(data + (b"" if binary is None else b" in base64")).hexdigest()
        if not target.is_dir():
            self._make(target, data, binary is not None)
        return replace(_kept_code(target), function=code.function)

    def _make(self, target: Path, data: bytes, binary: bool) -> None:
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            (unfinished / _FILES).mkdir(parents=True)
            _unpack_upload(unfinished, data, binary)
            unfinished.rename(target)
            private_file.settle_names(self._folder)
        except OSError as error:
            raise private_file.not_kept(target, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def remove_all_but(self, used: Iterable[Code]) -> None:
        """Delete the code that no action and no running call uses any more."""
        names = {path.name for code in used for path in code.main_file.parents if path.parent == self._folder}
        if self._folder.is_dir():
            for path in [path for path in self._folder.iterdir() if path.name not in names]:
                shutil.rmtree(path, ignore_errors=True)


def _unpack_upload(folder: Path, data: bytes, binary: bool) -> None:
    # Only an upload of an archive pays for loading what reads archives.
    from localops.deployment import archive

    files = folder / _FILES
    if binary and archive.is_archive(data):
        private_file.write(folder / _ARCHIVE, data)
        left_out = archive.unpack(data, files)
        if left_out:
            _log.info("left out of an uploaded zip, because they lead out of it: %s", ", ".join(left_out))
        if (files / _MAIN_FILE_PACKED).is_file():
            (files / _MAIN_FILE_PACKED).rename(files / _MAIN_FILE)
        return
    if binary:
        private_file.write(folder / _ENCODED_SOURCE, data)
    private_file.write(files / _MAIN_FILE, data)


def _kept_code(target: Path) -> Code:
    """Return the code in a folder that `keep` made."""
    files = target / _FILES
    is_archive = (target / _ARCHIVE).is_file()
    uploads = [target / name for name in (_ARCHIVE, _ENCODED_SOURCE) if (target / name).is_file()]
    return Code(
        main_file=files / _MAIN_FILE,
        folder=files if is_archive else None,
        virtualenv=files / _VIRTUALENV if (files / _VIRTUALENV).is_dir() else None,
        upload=uploads[0] if uploads else None,
    )


def code_text(code: Code) -> str:
    """Return code as it travels: source text, or base64 of the zip that was uploaded or would be.

    Raises:
        OSError: its files are gone.
    """
    if not code.binary:
        return code.main_file.read_text()
    if code.upload:
        return base64.b64encode(code.upload.read_bytes()).decode()
    from localops.deployment import archive

    assert code.folder is not None  # noqa: S101 - binary and not uploaded: a folder of the project
    return base64.b64encode(archive.pack(code.folder)).decode()
