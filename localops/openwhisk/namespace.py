"""The one namespace of this server: its user, of whom there is one."""

from __future__ import annotations

USER = "devel"
