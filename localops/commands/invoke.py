"""`localops invoke`: call an action as `ops invoke` does, and print what it answers."""

from __future__ import annotations

import argparse
import codecs
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from localops.commands.server import Answer, CommandError, Server, stream_path
from localops.reading import json_value
from localops.streaming.json_objects import JsonObjects, Piece
from localops.terminal_text import shown_on

_API = "/api/v1/namespaces/_"
_ACTIVATION_HEADER = "x-openwhisk-activation-id"
# An action's result is there this long after its stream has ended, or it goes on without a reader.
_MAX_WAIT_S = 5.0
_LOOK_EVERY_S = 0.05


def run(options: argparse.Namespace) -> int:
    """Call the action; 1 when it failed.

    Raises:
        CommandError: it could not be called.
    """
    arguments = read_arguments(options.arguments)
    server = Server(options.url, options.project)
    action = server.action(options.action)
    if action["canStream"] and not options.no_stream:
        return _stream(server, action["path"], arguments)
    return _call(server, action["path"], arguments)


def read_arguments(words: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that words such as `name=value` give.

    Raises:
        CommandError: a word is not an argument, or a file cannot be read.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not name or not equals:
            raise CommandError(f"{word!r} is not an argument; write it as NAME=VALUE, such as input=hello")
        found[name] = _value_of(name, text)
    return found


def _value_of(name: str, text: str) -> Any:
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        text = _content_of(name, text[1:])
    try:
        return json_value.read(text)
    except ValueError as error:
        if text.lstrip().startswith(("{", "[")):
            sys.stderr.write(f"localops: {name} is sent as text, because it is not JSON: {error}\n")
        return text


def _content_of(name: str, file: str) -> str:
    try:
        return Path(file).expanduser().read_text()
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 text, so {name} cannot be sent: {error.reason}") from error
    except OSError as error:
        text = f"{file} cannot be read: {error.strerror}; to send an @ itself, write {name}=@@{file}"
        raise CommandError(text) from error


def _call(server: Server, path: str, arguments: dict[str, Any]) -> int:
    """Call without a stream and print the result."""
    where = f"{_API}/actions/{quote(path)}?blocking=true"
    with server.ask("POST", where, arguments, accepts=(200, 202, 502, 500)) as answer:
        record = answer.json()
        if answer.status == 202:
            record = _finished(server, record["activationId"], None)
    return _show(path, record)


def _stream(server: Server, path: str, arguments: dict[str, Any]) -> int:
    """Call with a stream and print its text; without any text, the result."""
    with server.ask("POST", stream_path(quote(path)), arguments, scheme="Bearer") as answer:
        printer = _Printer()
        while data := answer.part():
            printer.feed(data)
        printer.end()
        record = _finished(server, _activation_of(answer), _MAX_WAIT_S)
    if printer.printed and (record is None or record["response"]["success"]):
        return 0
    return _show(path, record)


def _activation_of(answer: Answer) -> str:
    found = answer.response.getheader(_ACTIVATION_HEADER)
    if found is None:
        raise CommandError("the server is not a localops: its answer names no activation; see --url")
    return found


class _Printer:
    """Prints the text of a stream."""

    def __init__(self) -> None:
        self.objects = JsonObjects()
        self.characters = codecs.getincrementaldecoder("utf-8")("replace")
        self.printed = False

    def feed(self, data: bytes) -> None:
        # The streamer's own line breaks are not part of what the action sent.
        for piece in self.objects.feed(data.replace(b"\n", b"")):
            self.print(piece)

    def end(self) -> None:
        for piece in self.objects.end():
            self.print(piece)
        if self.printed:
            sys.stdout.write("\n")
        sys.stdout.flush()

    def print(self, piece: Piece) -> None:
        output = self.characters.decode(piece.data) if piece.value is None else piece.value.get("output")
        if output:
            self.printed = True
            text = output if isinstance(output, str) else json.dumps(output)
            sys.stdout.write(shown_on(sys.stdout, text))
            sys.stdout.flush()


def _finished(server: Server, id: str, timeout_s: float | None) -> dict[str, Any] | None:
    """Return the record of an activation once it has ended; None when it takes longer than `timeout_s`."""
    deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
    while deadline_s is None or time.monotonic() < deadline_s:
        with server.ask("GET", f"{_API}/activations/{id}", accepts=(200, 404)) as answer:
            if answer.status == 200:
                return answer.json()
        time.sleep(_LOOK_EVERY_S)
    return None


def _show(path: str, record: dict[str, Any] | None) -> int:
    """Print the result of a call; of one that failed, why and what it logged last."""
    if record is None:
        sys.stderr.write(
            f"localops: {path} goes on; `python3 -m localops logs -f {path}` shows what it does\n"
        )
        return 0
    response = record["response"]
    if response["success"]:
        text = json.dumps(response["result"], indent=2, ensure_ascii=False)
        sys.stdout.write(shown_on(sys.stdout, text) + "\n")
        return 0
    for line in record["logs"]:
        sys.stderr.write(f"{shown_on(sys.stderr, line)}\n")
    reason = response["result"].get("error", response["result"])
    text = f"localops: {path} failed ({response['status']}): {reason}"
    sys.stderr.write(f"{shown_on(sys.stderr, text)}\n")
    return 1
