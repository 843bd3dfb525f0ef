# pyright: basic, reportMissingImports=false
"""The vocabulary: byte-level BPE, learned from the training text.

Needs `tokenizers`. Five control tokens come first, so their numbers are fixed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from model.conversation import Turn, conversation

END, PADDING, USER, ASSISTANT, SYSTEM = range(5)
CONTROL_TOKENS = ("<|end|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|system|>")
_ROLES = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}
_CONVERSATIONS = 6000
_CONVERSATION_LENGTH = 400


def learn(size: int, seed: int) -> Tokenizer:
    """Learn a vocabulary of so many tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        min_frequency=5,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts_without_digits(seed), trainer)
    return tokenizer


def load(file: Path) -> Tokenizer:
    """Load a vocabulary that was saved."""
    return Tokenizer.from_file(str(file))


def encode(tokenizer: Tokenizer, turns: Sequence[Turn]) -> tuple[list[int], list[bool]]:
    """Return a conversation's token numbers, and for each whether the model is to say it.

    A turn is its role's token, its text and the end token; the model says its own texts with their ends.
    """
    numbers: list[int] = []
    own: list[bool] = []
    for role, text in turns:
        said = [*tokenizer.encode(text).ids, END]
        numbers += [_ROLES[role], *said]
        own += [False, *([role == "assistant"] * len(said))]
    return numbers, own


def _texts_without_digits(seed: int) -> Iterator[str]:
    # Digits stay tokens of their own, which makes sums and counting easy.
    rng = random.Random(seed)  # noqa: S311
    for _ in range(_CONVERSATIONS):
        for _, text in conversation(rng, _CONVERSATION_LENGTH):
            yield re.sub(r"\d", " ", text)
