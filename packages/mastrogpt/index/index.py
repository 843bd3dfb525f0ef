"""Build the menu from the `index` annotations of the deployed actions, and from files beside this one.

An annotation is `<weight>:<group>:<name>:<users>:<iframe>`; a file is `<weight>-<group>.json` with a list of
`{"name", "url"}`. Groups and what they hold are ordered by weight.
Source: the MastroGPT page (shape of the answer) and mastrogpt2-starter (the annotation).
"""

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit, urlunsplit

import requests

_HERE = Path(__file__).parent
_LISTED_AT_ONCE = 200
_TIMEOUT_S = 20
_WEIGHT = re.compile(r"[0-9]{1,9}")
_NO_MENU = "The menu cannot be made: {why}. Deploy mastrogpt/index again with the annotation provide-api-key."

log = logging.getLogger(__name__)


class MenuError(Exception):
    """The menu cannot be made; the text says why and what to do."""


class Entry(NamedTuple):
    """One line of the menu."""

    weight: int
    group: str
    name: str
    url: str
    users: str = ""
    iframe: str = ""

    def as_json(self) -> dict[str, str]:
        users = {"users": self.users} if self.users else {}
        return {"name": self.name, "url": self.url, "iframe": self.iframe, **users}


def answer(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the web answer: the menu, or a clear error when it cannot be made."""
    try:
        entries = [*annotated(_deployed_actions()), *listed_in_files(_HERE)]
    except MenuError as error:
        return {"statusCode": 502, "body": {"error": str(error)}}
    return {"body": {**places(args), "services": services(entries)}}


def places(args: Mapping[str, Any]) -> dict[str, str]:
    """Return who is served, and the absolute addresses that the page calls."""
    apihost = str(args.get("OPSDEV_APIHOST") or os.environ.get("__OW_API_HOST", ""))
    found = {
        "username": str(args.get("OPSDEV_USERNAME") or os.environ.get("__OW_NAMESPACE", "")),
        "host": str(args.get("OPSDEV_HOST") or apihost),
        "apihost": apihost,
        "streamer": str(args.get("OPSDEV_STREAM") or _subdomain("stream", apihost)),
        "s3": str(args.get("OPSDEV_S3") or _subdomain("s3", apihost)),
    }
    notice = str(args.get("CHAT_NOTICE") or "")
    return {**found, "notice": notice} if notice else found


def _subdomain(name: str, url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}.{parts.netloc}"))


def _deployed_actions() -> list[dict[str, Any]]:
    """Return all actions of this namespace, asked of the API with the key that this action was given.

    Raises:
        MenuError: the API cannot be reached or refuses.
    """
    host, key = os.environ.get("__OW_API_HOST", ""), os.environ.get("__OW_API_KEY", "")
    user, _, password = key.partition(":")
    found: list[dict[str, Any]] = []
    while page := _fetch(f"{host}/api/v1/namespaces/_/actions", (user, password), len(found)):
        found += page
        if len(page) < _LISTED_AT_ONCE:
            break
    return found


def _fetch(url: str, credentials: tuple[str, str], skip: int) -> list[dict[str, Any]]:
    try:
        response = requests.get(
            url, {"limit": _LISTED_AT_ONCE, "skip": skip}, auth=credentials, timeout=_TIMEOUT_S
        )
        page: Any = response.json() if response.ok else None
    except (requests.RequestException, ValueError) as error:
        raise MenuError(_NO_MENU.format(why="the API cannot be reached or understood")) from error
    if not isinstance(page, list):
        raise MenuError(_NO_MENU.format(why=f"the API answered {response.status_code}"))
    return cast("list[dict[str, Any]]", page)


def annotated(actions: list[dict[str, Any]]) -> Iterator[Entry]:
    """Yield the entries that the annotations describe; a malformed one is named in the log and left out."""
    for action in actions:
        url = f"{str(action['namespace']).rpartition('/')[2]}/{action['name']}"
        for annotation in action.get("annotations", []):
            if annotation.get("key") != "index":
                continue
            parts = str(annotation.get("value")).split(":", 4)
            if len(parts) == 5 and _WEIGHT.fullmatch(parts[0]):
                weight, group, name, users, iframe = parts
                yield Entry(int(weight), group, name, url, users.strip(), iframe)
            else:
                log.warning("%s: its index annotation is not <weight>:<group>:<name>:<users>:<iframe>", url)


def listed_in_files(folder: Path) -> Iterator[Entry]:
    """Yield the entries of `<weight>-<group>.json` files, an older form of a menu; a bad file is left out."""
    for file in sorted(folder.glob("*-*.json")):
        weight, _, group = file.stem.partition("-")
        try:
            listed = json.loads(file.read_text(encoding="utf-8"))
            entries = [
                (str(entry["name"]), str(entry["url"]), str(entry.get("iframe", ""))) for entry in listed
            ]
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("%s: it is not a list of {name, url}", file.name)
            continue
        position = int(weight) if _WEIGHT.fullmatch(weight) else 0
        yield from (Entry(position, group, name, url, iframe=iframe) for name, url, iframe in entries)


def services(entries: list[Entry]) -> list[dict[str, list[dict[str, str]]]]:
    """Return the menu as the page wants it: a list of groups with one member each."""
    groups: dict[str, list[dict[str, str]]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.weight, entry.group, entry.name)):
        groups.setdefault(entry.group, []).append(entry.as_json())
    return [{group: members} for group, members in groups.items()]
