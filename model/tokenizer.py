# pyright: basic, reportMissingImports=false
"""The vocabulary: byte-level BPE, learned from the training text, and its common words as they are.

An answer is streamed token by token, and readers of a stream look for words in it. So common words and names
are one token each, whatever pieces BPE would make of them; every other word falls into its pieces as without
them, also one that begins like a common one.

Needs `tokenizers`. Five control tokens come first, so their numbers are fixed.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from model.conversation import Turn, conversation
from model.text import countries, italian_capitals

END, PADDING, USER, ASSISTANT, SYSTEM = range(5)
CONTROL_TOKENS = ("<|end|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|system|>")
_ROLES = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}
_CONVERSATIONS = 6000
_CONVERSATION_LENGTH = 400
_COMMON = 30  # times in so many conversations
# How llama.cpp parts a text, as in Llama 3: it looks a part up as a whole before it merges pieces.
PARTING = "llama-bpe"
_PARTS = Regex(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_WORD = re.compile(r"\W?([^\W\d_]+)")


def learn(pieces: int, seed: int) -> Tokenizer:
    """Learn a vocabulary of so many pieces of words, and add the words that are whole."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_PARTS, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces,
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        min_frequency=5,
        show_progress=False,
    )
    texts = list(_texts_without_digits(seed))
    tokenizer.train_from_iterator(texts, trainer)
    return _with_whole(tokenizer, _words(tokenizer, texts))


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


def _with_whole(tokenizer: Tokenizer, words: Iterable[str]) -> Tokenizer:
    saved = json.loads(tokenizer.to_str())
    saved["model"]["ignore_merges"] = True
    vocabulary = saved["model"]["vocab"]
    for word in words:
        vocabulary.setdefault(word, len(vocabulary))
    return Tokenizer.from_str(json.dumps(saved))


def _words(tokenizer: Tokenizer, texts: Iterable[str]) -> list[str]:
    """Return the texts' common words and names, each with the space or sign that stands before it, if any."""
    counts: Counter[str] = Counter()
    names = _names()
    named: set[str] = set()
    for text in texts:
        for part, (begin, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text):
            if match := _WORD.fullmatch(text, begin, end):
                counts[part] += 1
                if match[1] in names:
                    named.add(part)
    return [word for word, count in counts.most_common() if count >= _COMMON or word in named]


def _names() -> set[str]:
    rows = [name for country in countries() for name in country]
    return {word for name in [*rows, *italian_capitals().values()] for word in _WORD.findall(name)}


def _texts_without_digits(seed: int) -> Iterator[str]:
    # Digits stay tokens of their own, which makes sums and counting easy.
    rng = random.Random(seed)  # noqa: S311
    for _ in range(_CONVERSATIONS):
        for _, text in conversation(rng, _CONVERSATION_LENGTH):
            yield re.sub(r"\d", " ", text)
