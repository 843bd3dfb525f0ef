"""The model server that actions talk to: which one, what is said of it, and the one that `up` starts."""
