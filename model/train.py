# pyright: basic, reportMissingImports=false
"""Train the network on conversations that are made while it learns; none comes twice.

Needs PyTorch, tokenizers and numpy. The loss is taken only where the model speaks.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from model.conversation import conversation
from model.network import Network, Shape
from model.tokenizer import PADDING, encode

# Rows and their length, in turn; short rows are cheaper, and more of them begin a conversation.
BATCHES = ((16, 128), (16, 128), (16, 128), (8, 256))
MATRIX_RATE, OTHER_RATE = 5e-3, 2.5e-3
_WARM_UP_STEPS = 40
_STEADY_PART = 0.1  # of a phase, before the learning rate falls
_LENGTHS = (60, 250, 500, 900)
_SHORTEST_REST = 24
_REPORT_STEPS = 50
_CHECKPOINT_STEPS = 250


@dataclass(frozen=True)
class Phase:
    """A part of the training, in which the learning rate rises and falls once.

    Attributes:
        peak: the highest learning rate, as a share of the highest of all.
        mix: of the conversations, see `conversation`.
    """

    steps: int
    peak: float = 1.0
    mix: int = 0


@dataclass
class Progress:
    """How far the training is."""

    step: int = 0
    loss: float = math.nan

    def note(self, loss: float) -> None:
        """Add a step; the loss shown is a moving average."""
        self.step += 1
        self.loss = loss if math.isnan(self.loss) else 0.97 * self.loss + 0.03 * loss


class Trainer:
    """Trains one network."""

    def __init__(self, tokenizer: Tokenizer, shape: Shape, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = Network(shape)
        self.progress = Progress()
        self._tokenizer = tokenizer
        self._rng = random.Random(seed)  # noqa: S311
        inner = [each for name, each in self.network.named_parameters() if _is_inner_matrix(name, each)]
        others = [each for name, each in self.network.named_parameters() if not _is_inner_matrix(name, each)]
        # Muon is made for inner matrices only; its authors leave the rest to AdamW.
        self._optimizers: dict[torch.optim.Optimizer, float] = {
            torch.optim.Muon(inner, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"): MATRIX_RATE,
            torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0): OTHER_RATE,
        }

    def run(self, phases: Sequence[Phase], checkpoint: Path) -> None:
        """Train through the phases.

        Args:
            checkpoint: written now and then; where there is one, the training goes on from it.
        """
        if checkpoint.exists():
            self._resume(checkpoint)
        begin = 0
        for phase in phases:
            while self.progress.step < begin + phase.steps:
                self._set_rates(phase.peak * share_of_rate(self.progress.step - begin, phase.steps))
                self.progress.note(self._step(phase.mix))
                if self.progress.step % _REPORT_STEPS == 0:
                    print(f"step {self.progress.step}, loss {self.progress.loss:.4f}", flush=True)  # noqa: T201
                if self.progress.step % _CHECKPOINT_STEPS == 0:
                    self._keep(checkpoint)
            begin += phase.steps

    def save(self, file: Path) -> None:
        """Write the weights under their GGUF names, and the shape, to an .npz file."""
        weights = {name: each.detach().float().numpy() for name, each in self.network.named_parameters()}
        np.savez(file, shape=json.dumps(asdict(self.network.shape)), **weights)

    def _set_rates(self, share: float) -> None:
        for optimizer, rate in self._optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def _keep(self, checkpoint: Path) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "progress": asdict(self.progress),
            "rng": self._rng.getstate(),
        }
        torch.save(state, checkpoint)

    def _resume(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint)
        self.network.load_state_dict(state["network"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        self._rng.setstate(state["rng"])

    def _step(self, mix: int) -> float:
        tokens, own = self._batch(mix, *BATCHES[self.progress.step % len(BATCHES)])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            state = self.network(tokens[:, :-1])
            spoken = own[:, 1:]
            scores = self.network.scores(state[spoken])
        loss = functional.cross_entropy(scores.float(), tokens[:, 1:][spoken])
        self.network.zero_grad()
        loss.backward()
        clip_grad_norm_(self.network.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
        return float(loss.detach())

    def _batch(self, mix: int, rows: int, row_length: int) -> tuple[Tensor, Tensor]:
        """Return rows of token numbers, and which of them the model is to say."""
        tokens = np.full((rows, row_length + 1), PADDING, np.int64)
        own = np.zeros((rows, row_length + 1), bool)
        for row in range(rows):
            place = 0
            while place < row_length - _SHORTEST_REST:
                length = self._rng.choice(_LENGTHS)
                numbers, spoken = encode(self._tokenizer, conversation(self._rng, length, mix))
                rest = row_length + 1 - place
                end = place + min(len(numbers), rest)
                tokens[row, place:end], own[row, place:end] = numbers[:rest], spoken[:rest]
                place = end
                if self._rng.random() < 0.3:
                    break
        return torch.from_numpy(tokens), torch.from_numpy(own)


def share_of_rate(step: int, steps: int) -> float:
    """Return the share of a phase's peak rate at a step: warm up, stay, then fall to nearly nothing."""
    warmth, part = min(1.0, (step + 1) / _WARM_UP_STEPS), step / steps
    if part < _STEADY_PART:
        return warmth
    fall = (1 + math.cos(math.pi * (part - _STEADY_PART) / (1 - _STEADY_PART))) / 2
    return warmth * (0.98 * fall + 0.02)


def _is_inner_matrix(name: str, parameter: Tensor) -> bool:
    return parameter.ndim == 2 and "embd" not in name
