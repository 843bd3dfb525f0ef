"""A chat that remembers nothing but the model: each message is asked alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from mastro.arguments import text
from mastro.chat.answering import Asked
from mastro.chat.marks import Marks
from mastro.chat.turn import Turn
from mastro.providers.answer import Answer
from mastro.providers.errors import ModelError
from mastro.providers.provider import Provider
from mastro.providers.reasoning import Piece
from mastro.streaming import Reply, Unreachable, deliver, reply

GENERATE = "/api/generate"
BROKEN_OFF = "The model server broke off in the middle of its answer: try again."


def stateless(args: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one message, streaming the answer if STREAM_HOST is given.

    Args:
        args: those of `Turn`, and `state`, the model's name.

    Returns:
        The web answer of `reply`, whose body has `output`, `streaming`, `state`, and `metrics` for a client
        that asked.
    """
    return reply(args, lambda written: Question(args, written, text(args, "state")).take())


def url(args: Mapping[str, Any]) -> str:
    """Return the address of Ollama's model with the credentials in it, from `args` or else the environment.

    A secret: hand it to a client, never print it.
    """
    from mastro.providers.ollama.host import ollama_host

    return ollama_host(args).url(GENERATE, with_login=True)


def stream(args: Mapping[str, Any], lines: Iterable[bytes]) -> str:
    """Stream the lines of a model's response that somebody else has asked for, and return the text.

    Args:
        args: STREAM_HOST and STREAM_PORT.
        lines: what Ollama sent, a JSON object each. The end of them is the end of the answer.
    """
    from mastro.providers.ollama.wire import OllamaWire

    def make(written: Reply) -> None:
        try:
            _write(Answer(OllamaWire()).pieces([line] for line in lines), written)
        except ModelError as error:
            written.say(str(error))
        except OSError:
            # Its text may hold the address with the credentials.
            written.say(BROKEN_OFF)

    try:
        return deliver(args, make).body()["output"]
    except Unreachable as error:
        return str(error)


class Question(Turn):
    """A question to the model, without what was said before."""

    def talk(self) -> None:
        _write(self.ask(self._fit, {}), self.reply)

    def _fit(self, provider: Provider, model: str) -> Asked:
        return Asked([self.message(provider, model)])


def _write(pieces: Iterable[Piece], written: Reply) -> None:
    marks = Marks()
    try:
        for kind, piece in pieces:
            written.write(marks.mark(kind, piece))
    finally:
        written.write(marks.end())
