"""The inspector at `/_localops`: what it shows, what it can do again, and its page."""
