"""OpenWhisk's rules that need no server: entities, requests about them, and answers."""
