"""Ollama, and every server that speaks its protocol."""
