"""The public surfaces, one module each."""
