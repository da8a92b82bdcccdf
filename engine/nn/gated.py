r"""LSTM, GRU and plain recurrent layers by hand, on the weights of torch's, with every gate kept.

    LSTM   i, f, o = σ(W [x, h] + b),  c̃ = tanh(…)      c ← f ⊙ c + i ⊙ c̃      h = o ⊙ tanh(c)      Hochreiter & Schmidhuber 1997
    GRU    r, z = σ(W [x, h] + b),  n = tanh(W x + r ⊙ (U h + b))      h ← (1 − z) ⊙ n + z ⊙ h      Cho et al. 2014, arXiv:1406.1078
    plain  h ← tanh(W [x, h] + b)

A layer's states are the next layer's inputs. Sequences are `[T, B, D]`; every state begins at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

BUGS = ("none", "forget gate shut", "tanh of the cell left out", "i and f swapped")
"""What if the LSTM were wrong."""


@dataclass(frozen=True)
class Trace:
    """What one layer went through: `memory`, the T states that carry the past (the cells of an LSTM); outputs `h`; gates by name."""

    memory: list[Float[Tensor, "b h"]]
    h: Float[Tensor, "t b h"]
    gates: dict[str, Float[Tensor, "t b h"]]


def by_hand(module: nn.RNNBase, x: Float[Tensor, "t b d"], bug: str = "none") -> list[Trace]:
    """Every layer's trace, first layer first; `bug` makes an LSTM wrong."""
    traces: list[Trace] = []
    for layer in range(module.num_layers):
        weights = Layer(
            *(getattr(module, f"{kind}_l{layer}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        )
        if isinstance(module, nn.LSTM):
            traces.append(weights.lstm(x, bug))
        else:
            traces.append(weights.gru(x) if isinstance(module, nn.GRU) else weights.plain(x))
        x = traces[-1].h
    return traces


@dataclass(frozen=True)
class Layer:
    """One layer's weights as torch keeps them: a block of H rows for each gate (LSTM: i, f, c̃, o; GRU: r, z, n)."""

    of_x: Float[Tensor, "gh d"]
    of_h: Float[Tensor, "gh h"]
    bias_x: Float[Tensor, "gh"]
    bias_h: Float[Tensor, "gh"]

    def lstm(self, x: Float[Tensor, "t b d"], bug: str = "none") -> Trace:
        """Long short-term memory."""
        h = c = x.new_zeros(x.shape[1], self.of_h.shape[1])
        seen: list[tuple[Tensor, ...]] = []
        for now in x:
            sums = (now @ self.of_x.T + self.bias_x + h @ self.of_h.T + self.bias_h).chunk(4, 1)
            i, f, new, o = sums[0].sigmoid(), sums[1].sigmoid(), sums[2].tanh(), sums[3].sigmoid()
            if bug == BUGS[3]:
                i, f = f, i
            c = i * new if bug == BUGS[1] else f * c + i * new
            h = o * (c if bug == BUGS[2] else c.tanh())
            seen.append((c, h, i, f, o, new))
        return _traced(seen, ("cell", "output h", "input gate", "forget gate", "output gate", "candidate"))

    def gru(self, x: Float[Tensor, "t b d"]) -> Trace:
        """Gated recurrent unit; the update gate z keeps the past, as in torch."""
        h = x.new_zeros(x.shape[1], self.of_h.shape[1])
        seen: list[tuple[Tensor, ...]] = []
        for now in x:
            r_x, z_x, n_x = (now @ self.of_x.T + self.bias_x).chunk(3, 1)
            r_h, z_h, n_h = (h @ self.of_h.T + self.bias_h).chunk(3, 1)
            r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
            new = (n_x + r * n_h).tanh()
            h = (1 - z) * new + z * h
            seen.append((h, h, z, r, new))
        return _traced(seen, ("state", "output h", "update gate", "reset gate", "candidate"))

    def plain(self, x: Float[Tensor, "t b d"]) -> Trace:
        """A recurrent layer without gates."""
        h = x.new_zeros(x.shape[1], self.of_h.shape[1])
        seen: list[tuple[Tensor, ...]] = []
        for now in x:
            h = (now @ self.of_x.T + self.bias_x + h @ self.of_h.T + self.bias_h).tanh()
            seen.append((h, h))
        return _traced(seen, ("state", "output h"))


def _traced(seen: list[tuple[Tensor, ...]], names: tuple[str, ...]) -> Trace:
    """The memory of each step as it stood (a gradient can be asked of it), all else stacked."""
    gates = {name: torch.stack([step[index] for step in seen]) for index, name in enumerate(names)}
    return Trace([step[0] for step in seen], gates["output h"], gates)


def memory_gradients(trace: Trace, direction: Float[Tensor, "b h"]) -> Float[Tensor, "t"]:
    r"""$\Vert \partial (v \cdot m^T) / \partial m^t \Vert$ for t = 1 … T: how much of each step's memory is left in the last one."""
    parts = torch.autograd.grad((trace.memory[-1] * direction).sum(), trace.memory)
    return torch.stack([part.norm() for part in parts])


def conveyor(trace: Trace) -> Float[Tensor, "t"]:
    r"""What the cell path alone keeps of each step until the last: the product of the forget gates after it, the mean over units."""
    forget = trace.gates["forget gate"]
    after = torch.cat([forget[1:], torch.ones_like(forget[:1])])
    return after.flip(0).cumprod(0).flip(0).mean((1, 2))
