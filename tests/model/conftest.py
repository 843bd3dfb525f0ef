"""The engine that asks the committed model."""

from __future__ import annotations

from model_server import llamacpp

__all__ = ["llamacpp"]
