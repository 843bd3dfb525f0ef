"""The error that a person is told about."""


class ModelError(Exception):
    """The model cannot answer. The text is one sentence for the person who asked, free of secrets."""
