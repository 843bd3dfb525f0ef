"""What a chat with a model does with one message."""
