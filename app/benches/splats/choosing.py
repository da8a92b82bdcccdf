"""What is chosen in the scene: steps of a selection, and which Gaussians they mean now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from engine.api.splat_edits import Cloud, Everything, Pick, chosen_of, inside_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.api.frames import Splats
    from engine.api.splat_edits import Region, Selection


class Choosing(QObject):
    """Holds the selection and its Gaussians. A plain gesture begins anew, with Shift it adds, with Ctrl or Alt it removes."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cloud: Cloud | None = None
        self.picks: Selection = ()
        self.mask: NDArray[np.bool_] = np.zeros(0, np.bool_)

    @property
    def count(self) -> int:
        """How many are chosen."""
        return int(self.mask.sum())

    def is_same(self, frame: Splats) -> bool:
        """Whether a frame is the scene that is shown."""
        cloud = self.cloud
        if cloud is None or len(cloud.means) != len(frame.means):
            return False
        pairs = ((cloud.means, frame.means), (cloud.scales, frame.scales), (cloud.colours, frame.colours))
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    def forget(self) -> None:
        """Another scene comes."""
        self.cloud = None
        self.clear()

    def take_scene(self, frame: Splats) -> None:
        """The scene has changed: nothing is chosen any more."""
        parts = (frame.means, frame.scales, frame.opacities, frame.colours)
        self.cloud = Cloud(*(np.asarray(part, np.float32) for part in parts))
        self.clear()

    def choose(self, region: Region, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One more step of the selection."""
        if self.cloud is None:
            return
        inside = inside_of(region, self.cloud)
        if keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            self.picks, self.mask = (*self.picks, Pick(region, "remove")), self.mask & ~inside
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            self.picks, self.mask = (*self.picks, Pick(region)), self.mask | inside
        else:
            self.picks, self.mask = (Pick(region),), inside
        self.changed.emit()

    def choose_all(self) -> None:
        """Everything."""
        self.choose(Everything())

    def invert(self) -> None:
        """What was not chosen; possible as a list of steps: all, then without those that were added last to first."""
        if self.cloud is None:
            return
        flipped = tuple(Pick(pick.region, "remove" if pick.how == "add" else "add") for pick in self.picks)
        self.picks = (Pick(Everything()), *flipped)
        self.mask = chosen_of(self.picks, self.cloud)
        self.changed.emit()

    def clear(self) -> None:
        """Nothing."""
        self.picks = ()
        self.mask = np.zeros(0 if self.cloud is None else len(self.cloud.means), np.bool_)
        self.changed.emit()
