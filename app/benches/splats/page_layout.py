"""Where everything stands on the workbench: rail, scene between its bars, dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCK = 320
NARROWEST_DOCK = 264


def make_dock(tabs: Sequence[tuple[str, QWidget]]) -> QTabWidget:
    """The tabs at the right, in their order."""
    dock = QTabWidget()
    dock.setProperty("role", "side")
    dock.setDocumentMode(True)
    dock.setMinimumWidth(NARROWEST_DOCK)
    for title, widget in tabs:
        dock.addTab(widget, title)
    dock.tabBar().setStyleSheet("QTabBar::tab { padding: 0 8px; }")  # all of them fit into the narrowest dock
    return dock


def lay_out(page: QWidget, rail: QWidget, middle: Sequence[QWidget], scene: QWidget, dock: QWidget) -> None:
    """Puts the rail at the left, `middle` from top to bottom beside it, of which `scene` grows, and the dock at the right."""
    seam = QFrame()
    seam.setProperty("role", "seam")
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in middle:
        column.addWidget(part, 1 if part is scene else 0)
    across = QSplitter(Qt.Orientation.Horizontal)
    across.setProperty("role", "seam")
    across.setHandleWidth(1)
    across.setChildrenCollapsible(False)
    across.addWidget(body)
    across.addWidget(dock)
    across.setStretchFactor(0, 1)
    across.setStretchFactor(1, 0)
    across.setSizes([10_000, DOCK])
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    row.addWidget(rail)
    row.addWidget(seam)
    row.addWidget(across, 1)
