"""The kinds of actions that OpenServerless knows, and those of them that run here.

Source: apache/openserverless-task runtimes.json, apache/openwhisk ExecManifest.scala and Exec.scala.
"""

from __future__ import annotations

BLACKBOX = "blackbox"
SEQUENCE = "sequence"
# language -> its kinds, the default first
FAMILIES = {
    "python": ("python:3", "python:3.11", "python:3.12", "python:3.13", "python:3.11ca", "python:310"),
    "nodejs": ("nodejs:21", "nodejs:20", "nodejs:18"),
    "go": ("go:1.22", "go:1.21", "go:1.20", "go:1.20mf", "go:1.22proxy"),
    "java": ("java:8", "java:11", "java:17", "java:21"),
    "php": ("php:8.3", "php:8.2", "php:8.1", "php:8.0"),
    "ruby": ("ruby:2.5",),
    "dotnet": ("dotnet:2.2", "dotnet:3.1"),
    "rust": ("rust:1.34",),
}
PYTHON_KINDS = FAMILIES["python"]
KINDS = (*(kind for family in FAMILIES.values() for kind in family), SEQUENCE, BLACKBOX)
_DEFAULTS = {f"{language}:default": kinds[0] for language, kinds in FAMILIES.items()}


def resolved_kind(kind: str) -> str | None:
    """Return the kind that a name stands for, `x:default` for the newest of its language; else None."""
    kind = _DEFAULTS.get(kind.strip().lower(), kind.strip().lower())
    return kind if kind in KINDS else None
