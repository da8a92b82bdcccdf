"""The one door from the window to the worker: the function that a spawned child runs.

It is named here, where the window may look, and imports the engine only inside the child, so that the window never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def serve(commands: Connection, events: Connection, threads: int) -> None:
    """Runs in the child: reads `Command`s, sends `Event`s, until `Quit` or until its parent is gone. `threads`: torch's."""
    importlib.import_module("engine.run.worker").serve(commands, events, threads)
