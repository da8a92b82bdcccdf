"""Where a run's frames go: to a folder, to the window, to memory, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.api.frames import Drawn, Truth
    from engine.api.messages import Event


class Sink(Protocol):
    """Takes what a run yields. Scalars may be 0-d tensors."""

    def wants(self, name: str) -> bool:
        """Whether the view is open and may be drawn now."""

    def scalar(self, name: str, step: int, value: Any) -> None:
        """Takes a point of a curve; none may be lost."""

    def truth(self, truth: Truth) -> None:
        """Takes theory's value for a curve."""

    def show(self, frame: Drawn, step: int) -> None:
        """Takes a picture; only the newest of a name matters."""

    def tell(self, event: Event) -> None:
        """Takes an event of the run itself."""

    def keep(self) -> None:
        """A snapshot is about to be written: the points that lead to it should be on disk before it."""


class NullSink:
    """Takes nothing: the other ranks of a data-parallel run."""

    def wants(self, name: str) -> bool:
        """Never."""
        return False

    def scalar(self, name: str, step: int, value: Any) -> None:
        """Dropped."""

    def truth(self, truth: Truth) -> None:
        """Dropped."""

    def show(self, frame: Drawn, step: int) -> None:
        """Dropped."""

    def tell(self, event: Event) -> None:
        """Dropped."""

    def keep(self) -> None:
        """Nothing is on its way to a disk."""


class MemorySink(NullSink):
    """Keeps every point: `scalars[name]` is a list of (step, value). Used by checks and tests.

    `draws`: also asks for every view and keeps the newest frame of each name in `frames`.
    """

    def __init__(self, draws: bool = False) -> None:
        self.scalars: dict[str, list[tuple[int, float]]] = {}
        self.truths: dict[str, tuple[float, str]] = {}
        self.frames: dict[str, Drawn] = {}
        self._draws = draws

    def wants(self, name: str) -> bool:
        """Every view, or none."""
        return self._draws

    def scalar(self, name: str, step: int, value: Any) -> None:
        """Keeps the point."""
        self.scalars.setdefault(name, []).append((step, float(value)))

    def truth(self, truth: Truth) -> None:
        """Keeps the line."""
        self.truths[truth.name] = (truth.value, truth.label)

    def show(self, frame: Drawn, step: int) -> None:
        """Keeps the newest frame of each name."""
        self.frames[frame.name] = frame
