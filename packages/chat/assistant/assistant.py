"""A chat that remembers what was said: from the client, or in Redis, or not at all."""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

from conversation import Conversation
from messages import Message, fitting, history, tokens
from model_options import model_options

from mastro.arguments import is_asked_for, structure, text
from mastro.chat.answering import Asked
from mastro.chat.asking import asking
from mastro.chat.turn import Turn
from mastro.providers.errors import ModelError
from mastro.providers.provider import Provider
from mastro.providers.reasoning import OUTPUT, THINKING
from mastro.settings import setting
from mastro.streaming import Reply, reply

# Of a model whose server does not tell.
CONTEXT_TOKENS = 4096
# So little fits anywhere, and is worth no question to the server.
SMALL_TOKENS = 256
# Of the context, for the answer, unless the client says how long that may be.
ANSWER_SHARE = 0.25

LEFT_OUT = "(The model's context is full, so the oldest messages are left out: {count} of {total}.)\n\n"
FORGETFUL = "(What was said before is not known now: {fault}.)\n\n"


def assistant(args: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one message of a conversation, streaming the answer if STREAM_HOST is given.

    Args:
        args: those of `Turn`, and
            history: what was said before, a list of {role, content}; then nothing is kept here;
            state: what the last answer gave. With Redis and without a history it stands for all before;
            options: `temperature`, `top_p`, `max_tokens` and others of model_options;
            thinking: whether the model's reasoning is wanted, in a member of its own.
            A form may send `history` and `options` as JSON text.

    Returns:
        The web answer of `reply`, whose body has `output`, `streaming`, `state`, and `thinking` and `metrics`
        for a client that asked.
    """
    return reply(args, lambda written: Talk(args, written, text(args, "state")).take())


class Talk(Turn):
    """One turn of a conversation. Its state is the model's name, behind the conversation's id if any."""

    def __init__(self, args: Mapping[str, Any], written: Reply, state: str) -> None:
        known_id, _, model = state.rpartition(" ")
        super().__init__(args, written, model)
        self._known_id = known_id

    @cached_property
    def _history(self) -> Any:
        return structure(self.args, "history")

    @cached_property
    def _conversation(self) -> Conversation | None:
        if self._history is not None or not setting(self.args, "REDIS_URL"):
            return None
        return Conversation(self.args, self.user, self._known_id)

    def state(self, model: str) -> str:
        return f"{self._conversation.id} {model}" if self._conversation else model

    def talk(self) -> None:
        options = model_options(structure(self.args, "options"))
        past = self._past()
        said: list[str] = []
        try:
            for kind, piece in self.ask(partial(self._fit, past, options), options):
                self._write(kind, piece, said)
        except ModelError:
            # A failure does not belong to a conversation; what was said before a stop is.
            if not self.reply.ended:
                said.clear()
            raise
        finally:
            if self._conversation and said:
                question = {"role": "user", "content": self.choice.prompt}
                self._conversation.add(question, {"role": "assistant", "content": "".join(said)})

    def _write(self, kind: str, piece: str, said: list[str]) -> None:
        if kind == OUTPUT:
            said.append(piece)
            self.reply.write(piece)
        elif kind != THINKING:
            # What was said was reasoning, as it turns out.
            said.clear()
            self.reply.write("\n\n")
        elif is_asked_for(self.args, "thinking"):
            self.reply.write(piece, "thinking")

    def _past(self) -> list[Message]:
        if not self._conversation:
            return [] if self._history is None else history(self._history)
        past = self._conversation.messages()
        if self._conversation.fault:
            self.reply.write(FORGETFUL.format(fault=self._conversation.fault))
        return past

    def _fit(self, past: list[Message], options: Mapping[str, Any], provider: Provider, model: str) -> Asked:
        """Return as much of the conversation as a model can take."""
        asked = [*past, self.message(provider, model)]
        context = options.get("num_ctx") or self._context(provider, model, asked)
        if context is None:
            return Asked(asked)
        answer = options.get("max_tokens", 0)
        kept = fitting(asked, context - (answer if 0 < answer < context else int(context * ANSWER_SHARE)))
        left_out = len(asked) - len(kept)
        return Asked(kept, LEFT_OUT.format(count=left_out, total=len(asked)) if left_out else "")

    def _context(self, provider: Provider, model: str, asked: list[Message]) -> int | None:
        if tokens(asked) <= SMALL_TOKENS:
            return None
        try:
            return provider.context_tokens(asking(provider, self.reply.on_end), model)
        except ModelError:
            # Whatever is wrong with the server, it will say again to the question itself.
            return CONTEXT_TOKENS
