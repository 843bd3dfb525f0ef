"""A localops that runs, as the commands see it."""

from __future__ import annotations

import base64
import difflib
import http.client
import json
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localops.access import credentials
from localops.errors import LocalopsError
from localops.openwhisk.namespace import USER
from localops.project.folder import Project
from localops.reading import json_value

_READ_BYTES = 65536
_NO_ADDRESS = "is not the address of a localops; write one such as http://localhost:3233"


class CommandError(LocalopsError):
    """The command cannot do what it was asked; the text says why and what to do."""


class Answer:
    """An answer that is read in parts; all of it may raise CommandError when localops ends meanwhile."""

    def __init__(self, server: Server, response: http.client.HTTPResponse) -> None:
        self.server = server
        self.response = response
        self.status = response.status

    def json(self) -> Any:
        with self.server.reachable():
            return self.server.parsed(self.response.read())

    def part(self) -> bytes:
        """Return what has come, waiting for some; nothing at the end."""
        with self.server.reachable():
            return self.response.read1(_READ_BYTES)

    def objects(self) -> Iterator[Any]:
        """Yield what the lines of JSON hold, as they come."""
        while True:
            with self.server.reachable():
                line = self.response.readline()
            if not line:
                return
            yield self.server.parsed(line)


class Server:
    """Speaks to one localops.

    Args:
        url: where it answers.
        project: the folder that it runs; there its key is kept.

    Raises:
        CommandError: it is not a URL.
    """

    def __init__(self, url: str, project: Path) -> None:
        self.url = url.rstrip("/")
        self.project = Project(project.resolve())
        self.address = _host_and_port(self.url)

    @property
    def api_key(self) -> str:
        """Return the key of the project.

        Raises:
            CommandError: localops never ran here.
            StartError: what it kept makes no sense.
        """
        file = self.project.private / credentials.FILE_NAME
        if not self.project.folder.is_dir():
            raise CommandError(
                f"there is no folder {self.project.folder}; name the one that localops runs with --project"
            )
        if not file.is_file():
            raise CommandError(
                f"{self.project.folder} holds no key of a localops, so it never ran there; "
                "name the folder that it runs with --project"
            )
        return credentials.read(file)["auth"]

    def action(self, path: str) -> dict[str, Any]:
        """Return what is deployed under a path, see `inspection.action_summary`.

        Raises:
            CommandError: nothing is.
        """
        actions = {each["path"]: each for each in self.get("/_localops/api/actions")}
        if path in actions:
            return actions[path]
        raise CommandError(f"there is no action {path!r}; {_suggestion(path, list(actions))}")

    def get(self, path: str) -> Any:
        """Return the JSON that is answered.

        Raises:
            CommandError: there is none.
        """
        with self.ask("GET", path) as answer:
            return answer.json()

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        members: Mapping[str, Any] | None = None,
        accepts: tuple[int, ...] = (200,),
        scheme: str = "Basic",
    ) -> Generator[Answer]:
        """Make a request and lend its answer.

        Args:
            accepts: the statuses of answers to read.

        Raises:
            CommandError: localops does not answer, or with another status.
        """
        connection = http.client.HTTPConnection(*self.address)
        body = None if members is None else json.dumps(members)
        try:
            with self.reachable():
                connection.request(method, path, body, self.headers(scheme))
                answer = connection.getresponse()
                if answer.status not in accepts:
                    raise self.refused(answer)
            yield Answer(self, answer)
        finally:
            connection.close()

    def parsed(self, data: bytes) -> Any:
        """Return what JSON holds.

        Raises:
            CommandError: it is not JSON, so another program answers here.
        """
        try:
            return json_value.read(data)
        except ValueError as error:
            raise CommandError(
                f"the server at {self.url} is not a localops; name the right address with --url"
            ) from error

    def headers(self, scheme: str) -> dict[str, str]:
        key = self.api_key
        shown = base64.b64encode(key.encode()).decode() if scheme == "Basic" else key
        return {"Authorization": f"{scheme} {shown}", "Content-Type": "application/json"}

    def refused(self, answer: http.client.HTTPResponse) -> CommandError:
        text = answer.read().decode(errors="replace").strip()
        if answer.status == 401:
            return CommandError(
                f"localops at {self.url} does not know the key of {self.project.folder}; "
                "name the folder that it runs with --project"
            )
        return CommandError(f"localops at {self.url} answered with status {answer.status}: {text[:500]}")

    @contextmanager
    def reachable(self) -> Generator[None]:
        try:
            yield
        except ConnectionRefusedError as error:
            raise CommandError(
                f"no localops answers at {self.url}; start it with `python3 -m localops up` in another "
                "terminal, or name its address with --url"
            ) from error
        except socket.gaierror as error:
            raise CommandError(
                f"the host of {self.url} is not known; name the address of localops with --url"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            text = str(error) or type(error).__name__
            raise CommandError(f"localops at {self.url} did not answer to the end: {text}") from error


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        address = urlsplit(url)
        if address.scheme == "http" and address.hostname:
            return address.hostname, address.port or 80
    except ValueError as error:  # the port is not a number
        raise CommandError(f"{url!r} {_NO_ADDRESS}") from error
    raise CommandError(f"{url!r} {_NO_ADDRESS}")


def _suggestion(path: str, known: list[str]) -> str:
    close = difflib.get_close_matches(path, known, n=3, cutoff=0.4) or sorted(known)[:10]
    return f"did you mean {' or '.join(close)}?" if close else "none is deployed"


def stream_path(path: str) -> str:
    """Return the streamer's path for a private call of an action."""
    return f"/action/{USER}/{path}"
