# pyright: basic, reportMissingImports=false
"""The network: llama's architecture, small. Parameters have the names that GGUF gives them.

Needs PyTorch. Source of the architecture: llama.cpp src/models/llama.cpp; rotation of pairs (2i, 2i+1), RMS
norm, SwiGLU, output tied to the embedding.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5
ROTATION_BASE = 10_000.0


@dataclass(frozen=True)
class Shape:
    """A network's sizes.

    Attributes:
        context: the longest conversation in tokens.
    """

    vocabulary: int
    width: int = 192
    layers: int = 6
    heads: int = 6
    hidden: int = 512
    context: int = 1024


class Norm(nn.Module):
    """RMS norm with a weight."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), self.weight, EPSILON)


class Block(nn.Module):
    """One layer: attention, then a gated feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = Norm(width), Norm(width)
        self.attn_q, self.attn_k = _linear(width, width), _linear(width, width)
        self.attn_v, self.attn_output = _linear(width, width), _linear(width, width)
        self.ffn_gate, self.ffn_up = _linear(width, hidden), _linear(width, hidden)
        self.ffn_down = _linear(hidden, width)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self._attention(self.attn_norm(x), rotation)
        y = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y))

    def _attention(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        rows, length, width = x.shape
        parts = (self.attn_q, self.attn_k, self.attn_v)
        q, k, v = (part(x).view(rows, length, self.heads, -1).transpose(1, 2) for part in parts)
        q, k = _rotated(q, rotation).to(v.dtype), _rotated(k, rotation).to(v.dtype)
        return self.attn_output(_attended(q, k, v).transpose(1, 2).reshape(rows, length, width))


class Network(nn.Module):
    """The whole network; it gives the last hidden state, `scores` makes tokens of it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width)
        self._rotation = _rotation(shape.context, shape.width // shape.heads)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                nn.init.normal_(parameter, std=_initial_scale(name, parameter))

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, self._rotation)
        return self.output_norm(x)

    def scores(self, state: Tensor) -> Tensor:
        """Return a score for every token of the vocabulary."""
        return state @ self.token_embd.weight.T


def _attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    # On a processor, with heads this small, several times faster than PyTorch's own attention.
    length = q.shape[2]
    future = torch.full((length, length), -torch.inf, dtype=q.dtype).triu(1)
    return (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + future).softmax(-1) @ v


def _linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)


def _initial_scale(name: str, parameter: Tensor) -> float:
    if "embd" in name:
        return 0.02
    into_the_stream = "output" in name or "down" in name
    return parameter.shape[1] ** -0.5 * (0.5 if into_the_stream else 1.0)


def _rotation(length: int, size: int) -> tuple[Tensor, Tensor]:
    frequencies = ROTATION_BASE ** -(torch.arange(0, size, 2).float() / size)
    angles = torch.outer(torch.arange(length).float(), frequencies)[None, None]
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = (part[:, :, : x.shape[2]] for part in rotation)
    even, odd = x.float()[..., 0::2], x.float()[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
