"""Optimisers without torch's compiler, and the compiler for whoever wants it: in a process of its own, where nothing has loaded it."""

from __future__ import annotations

import subprocess
import sys

from engine.api.catalogue import ROOT

SCRIPT = """
import sys
import torch
from engine.run.uncompiled import keep_compiler_out

keep_compiler_out()
keep_compiler_out()
weight = torch.nn.Parameter(torch.ones(3))
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.LBFGS):
    optimiser = kind([weight], lr=0.1)
    def loss():
        optimiser.zero_grad()
        value = (weight**2).sum()
        value.backward()
        return value
    optimiser.step(loss)
    optimiser.load_state_dict(optimiser.state_dict())
assert float(weight.detach().abs().max()) < 1.0
assert "sympy" not in sys.modules, "the compiler came along"
import torch._dynamo.config
assert torch._dynamo.config.cache_size_limit > 0
assert float(torch.compile(lambda x: 2 * x, backend="eager")(torch.ones(1))) == 2.0
before = weight.detach().clone()
optimiser.step(loss)
assert not torch.equal(before, weight)
"""


def test_optimisers_step_without_it_and_who_wants_it_gets_it() -> None:
    child = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
