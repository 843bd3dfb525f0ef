"""A model server that says what a script tells it to, and fails as the script tells it to.

    server (in a thread), __main__ (a process) -> app -> sabotage, engine -> script -> faults

Tests and benchmarks use it for every model server that could be out there. It needs `localops.ollama`, whose
routes it serves, and nothing of the tests around it.
"""
