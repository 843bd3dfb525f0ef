"""`localops check`: format, lint, types and the copies of mastro/, each by the tool made for it."""

from __future__ import annotations

import subprocess
import sys

from localops import bootstrap
from localops.commands import node_tools

_SCRIPT_FOLDERS = ("web", "localops/inspector/page")


def check() -> int:
    """Run all checks, also after one has failed; 0 when all are content."""
    node_tools.install()
    python_tool = (sys.executable, "-m", "ruff")
    statuses = [
        run("format", *python_tool, "format", "--check", "."),
        run("lint", *python_tool, "check", "."),
        run("copies of mastro/", sys.executable, "-m", "localops", "sync", "--check"),
        run("types of Python", node_tools.path("pyright")),
        *(
            run(
                f"types of JavaScript in {folder}",
                node_tools.path("tsc"),
                "--project",
                f"{folder}/jsconfig.json",
            )
            for folder in _SCRIPT_FOLDERS
        ),
    ]
    return 1 if any(statuses) else 0


def run(title: str, *command: str) -> int:
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=bootstrap.ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"{title}: {done.stdout.strip() or 'no problems'}", flush=True)
    return done.returncode
