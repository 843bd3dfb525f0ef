"""Serve the site as it was uploaded: the objects of the user's `-web` bucket, over the page on disk.

Source: apache/openserverless-operator nginx-static-cm.yaml. Better than there: a file without an extension
is found under its own name, and a missing file with one is a plain 404.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from localops.routes.site import INDEX, Site
from localops.s3.errors import S3Error
from localops.s3.objects import object_headers, object_response
from localops.s3.storage import Storage


class UploadedSite:
    """Static files, as an ASGI application.

    Args:
        bucket: where `ops ide deploy` uploads the site.
        site: the page on disk; answers for what was not uploaded.
    """

    def __init__(self, storage: Storage, bucket: str, site: Site) -> None:
        self._storage = storage
        self._bucket = bucket
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        uploaded = None
        if request.method in ("GET", "HEAD") and not self._storage.is_empty():
            path = request.scope["path"].removeprefix("/")
            uploaded = await run_in_threadpool(self._find, path, request.headers)
        await (uploaded or self._site)(scope, receive, send)

    def _find(self, path: str, headers: Headers) -> Response | None:
        """Return the object that a path names; None when the page on disk is to answer."""
        for key in self._keys(path):
            try:
                found, file = self._storage.open(self._bucket, key)
            except S3Error as error:
                if error.code != "NoSuchKey":
                    return PlainTextResponse(f"{error.message}\n", error.status)
                continue
            if key == path:
                self._site.tell_of_file(path)
            try:
                return object_response(
                    found, file, headers, object_headers(found) | {"cache-control": "no-cache"}
                )
            except S3Error as error:
                return Response(status_code=error.status)
        return None

    def _keys(self, path: str) -> list[str]:
        """Return the keys under which a path may have been uploaded, the best first."""
        if path.endswith("/") or not path:
            return [path + INDEX, INDEX]
        is_asset = bool(PurePosixPath(path).suffix)
        is_on_disk = self._site.lookup_path(path)[1] is not None
        return [path] if is_asset or is_on_disk else [path, f"{path}/{INDEX}", INDEX]
