"""A model server that says what a script tells it to, and fails as the script tells it to.

    server (in a thread), localops.ollama.__main__ (a process) -> app -> sabotage, engine -> script -> faults

Tests use it for every model server that could be out there; where llama.cpp cannot run it stands in, and says
so.
"""
