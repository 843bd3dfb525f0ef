"""The streamer: an action's messages while it runs, framed and checked by the rules of production."""
