# pyright: basic, reportMissingImports=false
"""Train the network on conversations that are made while it learns; none comes twice.

Needs PyTorch, tokenizers and numpy. The loss is taken only where the model speaks.
"""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from localops.ollama.builtin_model.sources.conversation import conversation
from localops.ollama.builtin_model.sources.network import Network, Shape
from localops.ollama.builtin_model.sources.tokenizer import PADDING, encode

ROWS, ROW_LENGTH = 16, 256
LEARNING_RATE = 2.5e-3
_WARM_UP_STEPS = 100
_STEADY_PART = 0.1  # of the time, before the learning rate falls
_LENGTHS = (60, 250, 500, 900)
_SHORTEST_REST = 24
_REPORT_STEPS = 50


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
        parameters = list(self.network.parameters())
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [each for each in parameters if each.ndim == 2], "weight_decay": 0.05},
                {"params": [each for each in parameters if each.ndim < 2], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.95),
        )

    def run(self, minutes: float) -> None:
        """Train for so long: warm up, stay, then let the learning rate fall to nearly nothing."""
        started_s, first_step = time.monotonic(), self.progress.step
        while (part := (time.monotonic() - started_s) / (60 * minutes)) < 1:
            rate = learning_rate(part, self.progress.step - first_step)
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self.progress.note(self._step())
            if self.progress.step % _REPORT_STEPS == 0:
                print(f"{part:4.0%} step {self.progress.step} loss {self.progress.loss:.4f}", flush=True)  # noqa: T201

    def save(self, file: Path) -> None:
        """Write the weights under their GGUF names, and the shape, to an .npz file."""
        weights = {name: each.detach().float().numpy() for name, each in self.network.named_parameters()}
        np.savez(file, shape=json.dumps(asdict(self.network.shape)), **weights)

    def _step(self) -> float:
        tokens, own = self._batch()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            state = self.network(tokens[:, :-1])
            spoken = own[:, 1:]
            scores = self.network.scores(state[spoken])
        loss = functional.cross_entropy(scores.float(), tokens[:, 1:][spoken])
        self._optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Give rows of token numbers, and which of them the model is to say."""
        tokens = np.full((ROWS, ROW_LENGTH + 1), PADDING, np.int64)
        own = np.zeros((ROWS, ROW_LENGTH + 1), bool)
        for row in range(ROWS):
            place = 0
            while place < ROW_LENGTH - _SHORTEST_REST:
                length = self._rng.choice(_LENGTHS)
                numbers, spoken = encode(self._tokenizer, conversation(self._rng, length))
                rest = ROW_LENGTH + 1 - place
                end = place + min(len(numbers), rest)
                tokens[row, place:end], own[row, place:end] = numbers[:rest], spoken[:rest]
                place = end
                if self._rng.random() < 0.3:
                    break
        return torch.from_numpy(tokens), torch.from_numpy(own)


def learning_rate(part: float, step: int) -> float:
    """Give the rate at a part of the time and a step of the phase."""
    warmth = min(1.0, (step + 1) / _WARM_UP_STEPS)
    if part < _STEADY_PART:
        return LEARNING_RATE * warmth
    fall = (1 + math.cos(math.pi * (part - _STEADY_PART) / (1 - _STEADY_PART))) / 2
    return LEARNING_RATE * warmth * (0.98 * fall + 0.02)
