"""An Ollama-compatible model server, run as `python -m localops.ollama`.

    __main__ -> listener, server -> native_api, openai_api, models_api -> answering, asks -> engine, errors

One server, several engines behind the small interface in `engine.py`: llama.cpp in `llamacpp.py`, and
`stand_in.py` where that cannot run. The protocol is Ollama's as of `PROTOCOL_VERSION`.
"""

PROTOCOL_VERSION = "0.32.15"
"""The Ollama release whose protocol is imitated; clients read it to learn which fields to expect."""
