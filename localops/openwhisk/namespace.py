"""The one namespace of this server, named after its one user."""

from __future__ import annotations

USER = "devel"
