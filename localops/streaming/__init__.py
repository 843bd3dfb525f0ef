"""The streamer: an action's messages while it runs, framed and judged by the rules of production."""
