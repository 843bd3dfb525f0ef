"""One port: its sockets, its host names, what stands guard before it, and the applications behind it."""
