# pyright: basic, reportMissingImports=false
"""Make the model from its text: learn a vocabulary, train, export, evaluate.

    python -m model.reproduce FOLDER [--threads 1]

It trains a number of steps from fixed seeds, so the same machine makes the same model again, busy or idle.
Stopped and started again with the same folder, it goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from model.evaluate import EVALUATIONS, ask_all, report
from model.export import export
from model.network import Shape
from model.text import questions
from model.tokenizer import learn
from model.train import Phase, Trainer

PIECES = 2048
# After everything was learned once, what is learned last is practised, then everything again, and then what
# people try first; and once more everything, and what they try first.
PHASES = (
    Phase(3200),
    Phase(700, peak=0.3, mix=1),
    Phase(300, peak=0.2),
    Phase(300, peak=0.3, mix=2),
    Phase(1200, peak=0.5),
    Phase(300, peak=0.3, mix=2),
)
_VOCABULARY_SEED, _TRAINING_SEED = 123, 0


def main() -> None:
    """Make a model in the folder that is named on the command line."""
    parser = argparse.ArgumentParser(description="Make the built-in model from its text.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--threads", type=int, default=1, help="of the processor; two are faster on an idle machine"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    file = make(arguments.folder)
    for name in EVALUATIONS:
        print(name, report(ask_all(file, questions(name)), misses=name != "blind"), sep=": ")  # noqa: T201


def make(folder: Path) -> Path:
    """Make a model; return its GGUF file. The vocabulary and the weights lie beside it."""
    vocabulary_file, weights_file = folder / "vocabulary.json", folder / "weights.npz"
    tokenizer = learn(PIECES, _VOCABULARY_SEED)
    tokenizer.save(str(vocabulary_file))
    trainer = Trainer(tokenizer, Shape(tokenizer.get_vocab_size()), _TRAINING_SEED)
    trainer.run(PHASES, folder / "checkpoint.pt")
    trainer.save(weights_file)
    file = folder / "builtin-q8_0.gguf"
    export(weights_file, vocabulary_file, file, name="builtin")
    return file


if __name__ == "__main__":
    main()
