"""Load an action once, then serve its calls one after another; runs inside the action's process.

Started by `process.py` as a script, with an empty environment, on the socket whose descriptor is its
first argument. Standard library only, and little of it: each import is paid at every cold start.

Source: apache/openserverless-runtimes launcher.py (what the entry function gets, how its outcome is told).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import sys
import traceback
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader

_TYPE_CHECKING = False  # importing typing would cost more than this whole file
if _TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HEADER = struct.Struct("!I")
MAX_RESULT_BYTES = 1024 * 1024
_SIGKILL = 9  # the module that names it costs more than all of this
_MAIN_MODULE = "main__"
_IS_LINUX = sys.platform == "linux"


class _Channel:
    """A channel of length-prefixed JSON values over a socket.

    From a value's arrival to its answer, when nobody reads here, Linux ends this process and all that it
    started as soon as the other end closes: whatever the action does, it cannot outlive localops.
    """

    def __init__(self, descriptor: int) -> None:
        # A grandchild that kept this open would hide the end of this process.
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        if _IS_LINUX:
            fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, _SIGKILL)

    def receive(self) -> dict[str, Any] | None:
        """Return the next value, or None when the other end is closed."""
        header = self._read(_HEADER.size)
        value = json.loads(self._read(_HEADER.unpack(header)[0])) if header else None
        if _IS_LINUX:
            fcntl.fcntl(self._socket, fcntl.F_SETFL, self._flags | os.O_ASYNC)
        return value

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                return b""
            data += part
        return bytes(data)

    def send(self, value: dict[str, Any]) -> None:
        self._write(_encoded(value))

    def send_result(self, text: bytes) -> None:
        """Send a result, encoded, or, when it is larger than allowed, its size."""
        if len(text) > MAX_RESULT_BYTES:
            self.send({"result_bytes": len(text)})
        else:
            self._write(b'{"result": %s}' % text)

    def _write(self, text: bytes) -> None:
        fcntl.fcntl(self._socket, fcntl.F_SETFL, self._flags)
        self._socket.sendall(_HEADER.pack(len(text)) + text)


def _encoded(value: Any) -> bytes:
    # Not ASCII on purpose: a lone surrogate ends the runtime's process, so it must end this one.
    return json.dumps(value, ensure_ascii=False).encode()


class _LogEnds:
    """The marks of where one activation's logs end, in both streams, whatever the action does to these."""

    def __init__(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        self._pipes = [os.dup(stream.fileno()) for stream in self._streams]

    def mark(self, marker: str) -> None:
        for stream, pipe in zip(self._streams, self._pipes, strict=True):
            # An action that closed it has nothing more to print there.
            with suppress(OSError, ValueError):
                stream.flush()
            os.write(pipe, f"\n{marker}\n".encode())


def _serve(channel: _Channel) -> None:
    """Load the action that the first message names, then answer calls until the other end closes."""
    start, logs, own_id = channel.receive(), _LogEnds(), os.getpid()
    entry = _load(start, channel, logs) if start else None
    while entry and (call := channel.receive()):
        os.environ.update(call["environment"])
        result = run(entry, call["arguments"])
        if os.getpid() != own_id:
            os._exit(0)  # a copy that the action made of this process: one answer is enough
        # Before the end of its log: of a result that is not JSON the log tells why, as in the runtime.
        text = _encoded(result)
        logs.mark(call["marker"])
        channel.send_result(text)


def _load(start: dict[str, Any], channel: _Channel, logs: _LogEnds) -> Callable[[Any], Any] | None:
    """Return the entry function; None, after the other end was told why, when there is none."""
    os.environ.update(start["environment"])
    os.chdir(start["paths"][0])
    sys.path[:0] = start["paths"]
    try:
        module_file = _copied(start["main_file"]) if start["copies_main"] else start["main_file"]
        if start["virtualenv"]:
            _activate(start["virtualenv"])
        if start["debugger"]:
            _attach(start["debugger"])
        entry = entry_function(start["main_file"], start["function"], module_file)
    except BaseException as error:  # noqa: BLE001 - the action's own code may raise anything, also SystemExit
        _print_trace(error)
        logs.mark(start["marker"])
        parsed = os.path.exists(start["main_file"]) and not isinstance(error, SyntaxError)
        channel.send({"loaded": False, "parsed": parsed})
        return None
    logs.mark(start["marker"])
    channel.send({"loaded": True})
    return entry


def _copied(main_file: str) -> str:
    """Put the source where the runtime puts it, in the action's own folder; return the path of the copy."""
    copy = os.path.abspath(_MAIN_MODULE + ".py")
    with open(main_file, "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    return copy


def _activate(virtualenv: str) -> None:
    """Make the packages of a virtualenv importable, by the script that it brings for this."""
    script = f"{virtualenv}/bin/activate_this.py"
    with open(script) as file:
        exec(compile(file.read(), script, "exec"), {"__file__": script})  # noqa: S102 - as the runtime does


def _attach(debugger: dict[str, Any]) -> None:
    """Make `breakpoint()` stop; see debugger.py, whose file the argument names."""
    module = type(sys)("debugger")
    SourceFileLoader("debugger", debugger["file"]).exec_module(module)
    module.attach(debugger["port"])


def entry_function(main_file: str, name: str, module_file: str) -> Callable[[Any], Any]:
    """Import an action under the name that the runtime gives it, and return its entry function.

    Args:
        main_file: is read, and named in traces, where a person finds it.
        module_file: what the action learns of as its own file.
    """
    loader = SourceFileLoader(_MAIN_MODULE, main_file)
    module = type(sys)(_MAIN_MODULE)
    module.__file__ = module_file
    module.__spec__ = ModuleSpec(_MAIN_MODULE, loader, origin=main_file)
    sys.modules[_MAIN_MODULE] = module
    sys.argv[1:] = [main_file]
    loader.exec_module(module)
    return getattr(module, name)


def run(entry: Callable[[Any], Any], arguments: dict[str, Any]) -> Any:
    """Return what the entry function returns; an exception becomes an `error` result, as in the runtime."""
    try:
        return entry(arguments)
    except Exception as error:  # noqa: BLE001 - the action's own code may raise anything
        _print_trace(error)
        if type(error).__name__ == "BdbQuit":
            print("To stop at breakpoint(), start localops with: up --debug PACKAGE/ACTION", file=sys.stderr)  # noqa: T201
        return {"error": str(error)}


def _print_trace(error: BaseException) -> None:
    """Print the trace from the action's first frame on; the frames above it help nobody."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename.startswith((__file__, "<frozen importlib")):
        trace = trace.tb_next
    # Nothing can be printed to a stream that the action closed.
    with suppress(OSError, ValueError):
        traceback.print_exception(error.with_traceback(trace))


class _MainFinder:
    """Finds the action's main file as `main__`, in a process that `multiprocessing` starts from nothing."""

    def __init__(self, main_file: str) -> None:
        self._main_file = main_file

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != _MAIN_MODULE:
            return None
        spec = ModuleSpec(name, SourceFileLoader(name, self._main_file), origin=self._main_file)
        spec.has_location = True
        return spec


if __name__ == "__mp_main__":
    # `multiprocessing` (spawn, forkserver) hands on the words of the command line, and runs this file again.
    sys.meta_path.append(_MainFinder(sys.argv[1]))
if __name__ == "__main__":
    # Held until the end: when it closes, localops kills this process, with what it still has to print.
    control = _Channel(int(sys.argv[1]))
    try:
        _serve(control)
    except BaseException as error:  # noqa: BLE001 - whatever ends an action's process has to end all of it
        _print_trace(error)
    # With what the action left behind: threads that go on, and processes that it started.
    os.killpg(0, _SIGKILL)
