"""An exported picture that speaks for itself: with the view's title and legend above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from app.theme import font, theme
from app.views.legend_bar import LegendBar

if TYPE_CHECKING:
    from app.views.base import LegendEntry

_STRIP = 36
_LEFT = 12


def titled(picture: QImage, title: str, entries: tuple[LegendEntry, ...]) -> QImage:
    """The picture with a strip above that holds title and legend."""
    ratio = picture.devicePixelRatio()
    width, height = picture.width() / ratio, picture.height() / ratio
    sheet = QImage(picture.width(), round((height + _STRIP) * ratio), QImage.Format.Format_RGB32)
    sheet.setDevicePixelRatio(ratio)
    sheet.fill(QColor(theme().colours.panel))
    painter = QPainter(sheet)
    painter.setFont(font(13, "semibold"))
    painter.setPen(QColor(theme().colours.text))
    painter.drawText(QRectF(_LEFT, 0, width - _LEFT, _STRIP), int(Qt.AlignmentFlag.AlignVCenter), title)
    taken = _LEFT + QFontMetricsF(painter.font()).horizontalAdvance(title) + 16
    bar = LegendBar()
    bar.show_entries(entries)
    bar.resize(max(round(width - taken), 1), 22)
    bar.render(painter, QPoint(round(taken), (_STRIP - 22) // 2), renderFlags=LegendBar.RenderFlag.DrawChildren)
    bar.deleteLater()
    painter.drawImage(QRectF(0, _STRIP, width, height), picture)
    painter.end()
    return sheet
