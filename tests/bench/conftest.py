"""The engine that the subject `model` measures."""

from __future__ import annotations

from model_server import llamacpp

__all__ = ["llamacpp"]
