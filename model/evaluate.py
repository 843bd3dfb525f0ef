"""Ask a GGUF file the questions of an evaluation, with the project's own engine.

    python -m model.evaluate [FILE.gguf] [--temperature 0.8] [--misses]

An answer is right when one of the question's keywords is in it, or, where there is none, when it says that
it does not know. That is a generous judge: it does not see nonsense around the keyword. The blind questions
are counted and never shown: who improves the text must not learn from them.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localops.ollama import gguf_header
from localops.ollama.engine import Ask, Message, Summary
from localops.ollama.llamacpp import BUILTIN_FILE, LlamaCpp
from localops.ollama.options import Options
from model.text import Question, questions

EVALUATIONS = ("held_out", "first_messages", "blind")
_MAX_ANSWER_TOKENS = 160
_HONEST = re.compile(
    r"\b(do not|don't|does not|not) (know|understand)|\bcannot know|no idea|never heard|not sure"
    r"|too difficult for me|\bnon (lo )?so\b|non (ti )?capisco",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Judged:
    """A question with the answer that was given, and whether the model came to an end of its own."""

    question: Question
    answer: str
    ended: bool

    @property
    def right(self) -> bool:
        """Return whether a keyword is in the answer, or the honest words where there is none."""
        if not self.question.keywords:
            return self.honest
        if self.question.whole_words:
            return any(_stands_in(keyword, self.answer) for keyword in self.question.keywords)
        return any(keyword.lower() in self.answer.lower() for keyword in self.question.keywords)

    @property
    def honest(self) -> bool:
        """Return whether the answer says that the model does not know."""
        return _HONEST.search(self.answer) is not None


def ask_all(file: Path, asked: Sequence[Question], temperature: float = 0.0) -> list[Judged]:
    """Ask a model every question, each in a conversation of its own.

    The seed is the question's number: one seed for all would judge the model by a single throw of the dice.
    """
    model = gguf_header.describe(file, "evaluated:latest")
    engine = LlamaCpp(model, file)
    engine.load_now(model, None)

    async def said_to(messages: Sequence[Message], seed: int) -> tuple[str, bool]:
        options = Options(temperature=temperature, seed=seed, num_predict=_MAX_ANSWER_TOKENS)
        said, ended = "", False
        async for item in engine.generate(Ask(model, tuple(messages), options=options)):
            if isinstance(item, Summary):
                ended = item.done_reason == "stop"
            else:
                said += "".join(piece.text for piece in item)
        return said, ended

    async def answer(number: int, question: Question) -> Judged:
        messages: list[Message] = []
        said, ended = "", False
        for turn in question.turns:
            messages.append(Message("user", turn))
            said, ended = await said_to(messages, number)
            messages.append(Message("assistant", said))
        return Judged(question, said, ended)

    async def answers() -> list[Judged]:
        return [await answer(number, question) for number, question in enumerate(asked)]

    return asyncio.run(answers())


def _stands_in(keyword: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(keyword)}(?:e?s)?(?!\w)", answer, re.IGNORECASE) is not None


def report(judged: Iterable[Judged], *, misses: bool) -> str:
    """Say how many answers are right, by kind, and on request which are not."""
    judged = list(judged)
    asked = Counter(each.question.kind for each in judged)
    right = Counter(each.question.kind for each in judged if each.right)
    honest = sum(each.honest and not each.right for each in judged)
    lines = [
        f"{right.total()} of {len(judged)} right, {100 * right.total() / len(judged):.1f} %; "
        f"of the others {honest} say that they do not know"
    ]
    lines += [f"  {kind}: {right[kind]} of {count}" for kind, count in asked.items()]
    if misses:
        lines += [f"  {each.question.text!r} -> {each.answer!r}" for each in judged if not each.right]
    return "\n".join(lines)


def main() -> None:
    """Evaluate the file that is named on the command line."""
    parser = argparse.ArgumentParser(description="Ask a GGUF file the questions of an evaluation.")
    parser.add_argument("file", type=Path, nargs="?", default=BUILTIN_FILE)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--misses", action="store_true", help="show what was answered wrongly")
    arguments = parser.parse_args()
    for name in EVALUATIONS:
        judged = ask_all(arguments.file, questions(name), arguments.temperature)
        print(name, report(judged, misses=arguments.misses and name != "blind"), sep=": ")  # noqa: T201


if __name__ == "__main__":
    main()
