"""Serve the static site: files of `web/`, and its index page for every path that the page routes itself.

Source: apache/openserverless-operator nginx-static-cm.yaml.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from localops.routes.production import Differences

INDEX = "index.html"
_POLICY = re.compile(r'<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"')
# What a header can say and a meta element cannot: a foreign page may not show this one in a frame.
_ONLY_OWN_FRAMES = "frame-ancestors 'self'"
_ONLY_A_FRAME = re.compile(
    r"<body[^>]*>\s*<iframe\b[^>]*\ssrc=[\"']?(https?://[^\s\"'>]+)[^>]*>\s*(?:</iframe>)?\s*</body>",
    re.IGNORECASE,
)

_NO_EXTENSION_TEXT = (
    "/%s has no extension; in production the site shows its index page instead of such a file"
)
_MISSING_TEXT = "there is no /%s; in production the site answers with its index page and status 200"


def security_headers(page: Path) -> dict[str, str]:
    """Return a page's own content security policy as a header; nothing for a page without one."""
    policy = _POLICY.search(page.read_text(errors="replace"))
    return {"content-security-policy": f"{policy[1]}; {_ONLY_OWN_FRAMES}"} if policy else {}


def page_elsewhere(folder: Path) -> str | None:
    """Return the address of the foreign page that is all a site shows, in a frame; else None."""
    index = folder / "index.html"
    frame = _ONLY_A_FRAME.search(index.read_text(errors="replace")) if index.is_file() else None
    return frame[1] if frame else None


class Site(StaticFiles):
    """Static files with the single-page fallback."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._differences = Differences()

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; a name that no file can have (a null byte, too many characters) is that of none."""
        try:
            return super().lookup_path(path)
        except PermissionError as error:
            raise HTTPException(403, "localops may not read this file: Permission denied.\n") from error
        except (OSError, ValueError):
            return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._file_or_index(path, scope)
        # A page that is being worked on must never come from the browser's cache unasked.
        response.headers["cache-control"] = "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        if isinstance(response, FileResponse) and response.media_type == "text/html":
            response.headers.update(security_headers(Path(response.path)))
        return response

    async def _file_or_index(self, path: str, scope: Scope) -> Response:
        if self.lookup_path(f"{path}/{INDEX}")[1]:
            # A folder's page is sent at once; no redirect puts the slash behind its name.
            path = f"{path}/{INDEX}"
        try:
            response = await super().get_response(path, scope)
            if isinstance(response, FileResponse) and PurePosixPath(path).name == Path(response.path).name:
                self.tell_of_file(path)
            return response
        except HTTPException as error:
            if error.status_code != 404:
                raise
        if PurePosixPath(path).suffix:
            self._differences.tell(_MISSING_TEXT, path)
            return PlainTextResponse(f"There is no file {path} in web/.\n", 404)
        try:
            return await super().get_response(INDEX, scope)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return PlainTextResponse("This project has no web/index.html.\n", 404)

    def tell_of_file(self, path: str) -> None:
        """Log a file whose name production takes for a folder's."""
        if "." not in PurePosixPath(path).name:
            self._differences.tell(_NO_EXTENSION_TEXT, path)
