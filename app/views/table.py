"""Which view shows which frame: one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.views.images import ImagesView
from app.views.picture import PictureView
from app.views.plot import PlotView
from app.views.table_view import TableView
from app.views.text_view import TextView
from app.views.viewport import ViewportView
from engine.api import Cameras, Frame, Handles, Images, Lines, Mesh, Picture, Plot, Points, Splats, Table, Text

if TYPE_CHECKING:
    from app.views.base import View

VIEWS: dict[type[Frame], type[View]] = {
    Images: ImagesView,
    Plot: PlotView,
    Picture: PictureView,
    Table: TableView,
    Text: TextView,
    Mesh: ViewportView,
    Points: ViewportView,
    Lines: ViewportView,
    Handles: ViewportView,
    Splats: ViewportView,
    Cameras: ViewportView,
}
"""Scalars and truths have no row: they go to a `CurvesView` as points."""


def make_view(frame_type: type[Frame]) -> View:
    """A fresh view for frames of this type."""
    return VIEWS[frame_type]()
