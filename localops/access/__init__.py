"""The secrets of a project: made once, kept private, shown to nobody."""
