"""The routes of the public surfaces, one module each."""
