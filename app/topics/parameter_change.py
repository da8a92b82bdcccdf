"""One change of one parameter, to undo and redo; a drag is one change."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from collections.abc import Callable

_SAME_GESTURE = 1.0


class ParameterChange(QUndoCommand):
    """Sets `name` to `new` through `apply(name, value)`, and back to `old`. It was applied before it was pushed."""

    def __init__(self, name: str, label: str, old: Any, new: Any, apply: Callable[[str, Any], None]) -> None:
        super().__init__(f"change of {label}")
        self._name, self._old, self._new, self._apply = name, old, new, apply
        self._at = time.monotonic()
        self._done = True

    def id(self) -> int:
        """Changes of one parameter may be joined."""
        return zlib.crc32(self._name.encode()) & 0x7FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Joins the next move of the same drag."""
        if not isinstance(other, ParameterChange) or other._name != self._name or other._at - self._at > _SAME_GESTURE:
            return False
        self._new, self._at = other._new, other._at
        return True

    def redo(self) -> None:
        """The new value (nothing at the first time: the person has just set it)."""
        if self._done:
            self._done = False
            return
        self._apply(self._name, self._new)

    def undo(self) -> None:
        """The old value."""
        self._apply(self._name, self._old)
