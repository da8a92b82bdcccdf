"""A view by itself at the size of a card, without what stands around it on a page."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMargins

from app.views.table import make_view
from engine.api.frames import Graph, Heat, Images, Picture, Plot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QWidget

CARD = (480, 300)


def portray(frames: Sequence[Any], window: QWidget, settle: Callable[[], None]) -> QPixmap:
    """The frames of one view, drawn anew over the window; `settle` waits until they are."""
    around = _around(frames[0])
    widget = make_view(type(frames[0]))
    widget.setParent(window)
    widget.resize(CARD[0] + around.left() + around.right(), CARD[1] + around.top() + around.bottom())
    widget.show()
    widget.raise_()
    for frame in frames:
        widget.show_frame(_fill_card(frame))
    settle()
    return widget.grab().copy(around.left(), around.top(), *CARD)


def _around(frame: Any) -> QMargins:
    """What is cut away around a view: the axes of a plot, and above and below a square map, to fill the width."""
    if not isinstance(frame, Plot) or any(isinstance(layer, Graph) for layer in frame.layers):
        return QMargins()
    square = frame.equal and any(isinstance(layer, Heat) for layer in frame.layers)
    spare = (CARD[0] - CARD[1]) // 2 if square else 0
    return QMargins(56, 24 + spare, 16, 32 + spare)


def _fill_card(frame: Any) -> Any:
    """A picture, or a grid of them, cut so that it fills a card; a plot without its colour bar; the rest as it is."""
    if isinstance(frame, Plot):
        layers = (replace(layer, legend="") if isinstance(layer, Heat) else layer for layer in frame.layers)
        return replace(frame, layers=tuple(layers))
    if isinstance(frame, Picture):
        height, width = frame.pixels.shape[:2]
        rows = min(height, round(width * CARD[1] / CARD[0]))
        top = (height - rows) // 2
        return replace(frame, pixels=frame.pixels[top : top + rows], overlays=())
    if not isinstance(frame, Images):
        return frame
    count, (width, height) = len(frame.pixels), CARD
    high, wide = frame.pixels.shape[1:3]
    columns = max(1, min(count, round(math.sqrt(count * width * high / (height * wide)))))
    rows = max(1, min(count // columns, round(columns * wide * height / (width * high))))
    return replace(frame, pixels=frame.pixels[: columns * rows], labels=(), columns=columns)
