"""OpenWhisk's rules that need no server: entities, what requests say of them, how answers look."""
