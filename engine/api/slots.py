"""Frames through shared memory: one segment per view name, written only when the last frame in it was taken.

The record itself is a few bytes (pickled with its arrays out of band, between a parent and its own child); the arrays lie in the
segment, one behind the other, each at a multiple of 64 bytes. The writer owns the segments; after a writer that died, the reader's
`forget` unlinks what it had seen.
"""

from __future__ import annotations

import contextlib
import pickle  # noqa: TID251  # of a pipe to our own child, with the arrays out of band; no file is ever unpickled
import secrets
from multiprocessing import shared_memory
from typing import TYPE_CHECKING, cast

from engine.api.messages import Shown

if TYPE_CHECKING:
    from engine.api.frames import Drawn

_ALIGN = 64


class SlotWriter:
    """The worker's side: at most one segment per name, grown when a frame needs more."""

    def __init__(self) -> None:
        self._segments: dict[str, shared_memory.SharedMemory] = {}

    def write(self, frame: Drawn, step: int) -> Shown:
        """Copies the frame's arrays into its segment. The frame must hold numpy arrays only."""
        views: list[memoryview] = []

        def take(buffer: pickle.PickleBuffer) -> bool:
            views.append(buffer.raw())
            return False

        head = pickle.dumps(frame, protocol=5, buffer_callback=take)
        spans, end = [], 0
        for view in views:
            spans.append((end, view.nbytes))
            end += -(-view.nbytes // _ALIGN) * _ALIGN
        if not views:
            return Shown(frame.name, step, head, "", ())
        segment = self._segment(frame.name, end)
        for (offset, length), view in zip(spans, views, strict=True):
            cast("memoryview", segment.buf)[offset : offset + length] = view.cast("B") if view.nbytes else b""
        return Shown(frame.name, step, head, segment.name, tuple(spans))

    def _segment(self, name: str, size: int) -> shared_memory.SharedMemory:
        segment = self._segments.get(name)
        if segment is None or segment.size < size:
            if segment is not None:
                _unlink(segment)
            segment = shared_memory.SharedMemory(
                f"ps_{secrets.token_hex(6)}", create=True, size=max(size + size // 4, 4096)
            )
            self._segments[name] = segment
        return segment

    def close(self) -> None:
        """Frees every segment."""
        for segment in self._segments.values():
            _unlink(segment)
        self._segments.clear()


class SlotReader:
    """The window's side: attaches on first sight, copies out, so that the writer may go on at once."""

    def __init__(self) -> None:
        self._segments: dict[str, tuple[str, shared_memory.SharedMemory]] = {}

    def read(self, shown: Shown) -> Drawn | None:
        """The frame with its own copies of the arrays; None if its writer is gone."""
        if not shown.slot:
            return cast("Drawn", pickle.loads(shown.head))
        segment = self._attach(shown)
        if segment is None:
            return None
        copies = [
            bytearray(cast("memoryview", segment.buf)[offset : offset + length]) for offset, length in shown.buffers
        ]
        return cast("Drawn", pickle.loads(shown.head, buffers=copies))

    def _attach(self, shown: Shown) -> shared_memory.SharedMemory | None:
        known = self._segments.get(shown.name)
        if known is not None and known[0] == shown.slot:
            return known[1]
        if known is not None:
            known[1].close()
            del self._segments[shown.name]
        try:
            segment = shared_memory.SharedMemory(shown.slot)
        except FileNotFoundError:
            return None
        self._segments[shown.name] = (shown.slot, segment)
        return segment

    def close(self) -> None:
        """Detaches; the writer frees the segments."""
        for _, segment in self._segments.values():
            segment.close()
        self._segments.clear()

    def forget(self) -> None:
        """Frees what a writer that died left behind."""
        for _, segment in self._segments.values():
            _unlink(segment)
        self._segments.clear()


def _unlink(segment: shared_memory.SharedMemory) -> None:
    segment.close()
    with contextlib.suppress(FileNotFoundError):
        segment.unlink()
