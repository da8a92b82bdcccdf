"""Keeps torch's compiler out of a process that compiles nothing.

Every `torch.optim` optimiser imports `torch._dynamo` at its first call, only to tell a compiler that may be tracing it to look away.
That import costs more than a second and some eighty megabytes at each start. Until somebody really wants the compiler, a stand-in
answers the two calls that optimisers make; whoever asks it for anything else gets the real module, which then takes its place.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch

_NAME = "torch._dynamo"


class _StandIn(ModuleType):
    """`torch._dynamo` while nothing is compiled."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Nobody traces."""

    @staticmethod
    def disable(fn: Any = None, recursive: bool = True, **_: Any) -> Any:
        """The function as it is: there is nothing to disable."""
        return fn if fn is not None else lambda inner: inner

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(importlib.import_module(_NAME), name)


def keep_compiler_out() -> None:
    """Puts the stand-in where `torch._dynamo` would be, unless that is loaded already. May be called again."""
    if _NAME not in sys.modules:
        sys.modules[_NAME] = torch._dynamo = _StandIn(_NAME)  # until the real one is wanted
