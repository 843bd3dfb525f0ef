"""The model that comes with the project: its weights, its card, and in `sources` how it was made."""
