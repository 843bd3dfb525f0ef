"""The model servers that a chat can ask."""
