"""Tell whoever runs the chat, in the action's log, what the person who chats need not know."""


def warn(text: str, *values: object) -> None:
    """Log a warning; `%s` in the text stands for a value."""
    import logging  # a chat that is well never needs it, and a cold process starts sooner without

    logging.getLogger(__name__).warning(text, *values)
