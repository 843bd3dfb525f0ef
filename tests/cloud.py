"""An OpenServerless as its REST clients see it: a running localops, or a real one."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

LOGIN_PATH = "/api/v1/web/whisk-system/nuv/login"
WEB = {"web-export": True, "raw-http": False, "final": True}
TIMEOUT_S = 70


def key_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def zipped(files: Mapping[str, str]) -> str:
    """Return an archive of these files in Base64."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return base64.b64encode(buffer.getvalue()).decode()


@dataclass
class Cloud:
    """An OpenServerless with one user of it.

    Attributes:
        auth: `uuid:key`.
        is_localops: False for a real one, which lacks some of localops's improvements.
    """

    apihost: str
    user: str
    auth: str
    is_localops: bool
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the REST API as the user; a path without a slash at its start is in the user's namespace."""
        if not path.startswith("/"):
            path = f"/api/v1/namespaces/_/{path}"
        options.setdefault("auth", tuple(self.auth.split(":", 1)))
        return self.session.request(method, self.apihost + path, timeout=TIMEOUT_S, **options)

    def put(
        self,
        name: str,
        code: str | None = None,
        *,
        annotations: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        overwrite: bool = True,
        **members: Any,
    ) -> requests.Response:
        """Create or update an action as wsk does: what is not named is not sent."""
        body = dict(members)
        if code is not None:
            body["exec"] = {"kind": "python:default", "code": code, **members.get("exec", {})}
        for key, values in (("annotations", annotations), ("parameters", parameters)):
            if values is not None:
                body[key] = key_values(values)
        return self.call("PUT", f"actions/{name}", params={"overwrite": str(overwrite).lower()}, json=body)

    def deploy(self, name: str, code: str, **options: Any) -> dict[str, Any]:
        """Put an action, which must be accepted."""
        answer = self.put(name, code, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def invoke(self, name: str, arguments: object = None, **query: Any) -> requests.Response:
        params = {key: str(value).lower() for key, value in query.items()}
        return self.call("POST", f"actions/{name}", params=params, json=arguments or {})

    def web(self, name: str, method: str = "POST", **options: Any) -> requests.Response:
        """Call a web action; `name` is `<package>/<action>` and may go on."""
        url = f"{self.apihost}/api/v1/web/{self.user}/{name}"
        options.setdefault("allow_redirects", False)
        return self.session.request(method, url, timeout=TIMEOUT_S, **options)


def logged_in(apihost: str, user: str, password: str, is_localops: bool) -> Cloud:
    """Log in as `ops ide login` does, and return the cloud."""
    login = {"login": user, "password": password}
    answer = requests.post(apihost + LOGIN_PATH, json=login, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return Cloud(apihost, user, answer.json()["AUTH"], is_localops)


def cloud_of(url: str, project: Path) -> Cloud:
    """Return the cloud of a localops that serves a project."""
    credentials = json.loads((project / ".localops" / "credentials.json").read_text())
    return logged_in(url, credentials["user"], credentials["password"], is_localops=True)
