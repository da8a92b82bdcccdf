"""Toasts: what `notify` shows, stacked at the lower right of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon, mono, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QEnterEvent

    from app.notify import Kind, Notice

SECONDS = 6.0
MOST = 4
_MARGIN, _GAP, _WIDTH, _WIDE, _RISE = 16, 8, 380, 560, 12
_ICONS: dict[Kind, tuple[str, str]] = {
    "error": ("warning-circle", "bad"),
    "info": ("info", "accent"),
    "good": ("check-circle", "good"),
}


class Toast(QFrame):
    """One message. It goes by itself unless it is an error, the pointer rests on it, or its details are open."""

    closed = Signal(object)
    grown = Signal()

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.times = 1
        self.sunk = 0
        self.setObjectName("toast")
        self.setProperty("kind", notice.kind)
        self.setAccessibleName(notice.text)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._timer = QTimer(self, singleShot=True, interval=round(SECONDS * 1000))
        self._timer.timeout.connect(self.dismiss)
        self._count = QLabel()
        self._count.setProperty("role", "badge")
        self._count.hide()
        self._details: QPlainTextEdit | None = None
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(12, 10, 8, 10)
        self._body.setSpacing(8)
        self._body.addLayout(self._head())
        if notice.details or notice.action:
            self._body.addLayout(self._buttons())
        self.setFixedWidth(_WIDTH)
        self._wait()

    def again(self) -> None:
        """The same notice came once more: it is counted instead of stacked."""
        self.times += 1
        self._count.setText(f"× {self.times:,}")
        self._count.show()
        self._wait()

    def dismiss(self) -> None:
        """Takes the toast away."""
        self._timer.stop()
        self.hide()
        self.closed.emit(self)

    def enterEvent(self, event: QEnterEvent) -> None:
        """A person is reading: it stays."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """They have read it."""
        self._wait()

    def _wait(self) -> None:
        if self.notice.kind != "error" and self._details is None:
            self._timer.start()

    def _head(self) -> QHBoxLayout:
        name, colour = _ICONS[self.notice.kind]
        mark = QLabel()
        mark.setPixmap(
            icon(name, colour, filled=True).pixmap(
                20,
                20,
            )
        )
        text = QLabel(self.notice.text)
        text.setWordWrap(True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setIcon(icon("x", "dim"))
        close.setToolTip("Close this message")
        close.setAccessibleName("Close")
        close.clicked.connect(self.dismiss)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text, 1)
        row.addWidget(self._count, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(30, 0, 0, 0)
        if self.notice.action:
            act = QPushButton(self.notice.action)
            act.clicked.connect(self._act)
            row.addWidget(act)
        if self.notice.details:
            self._more = QPushButton("Details")
            self._more.setProperty("kind", "ghost")
            self._more.clicked.connect(self._show_details)
            row.addWidget(self._more)
        row.addStretch(1)
        return row

    def _act(self) -> None:
        self.dismiss()
        if self.notice.act is not None:
            self.notice.act()

    def _show_details(self) -> None:
        if self._details is not None:
            QGuiApplication.clipboard().setText(f"{self.notice.text}\n\n{self.notice.details}")
            self._more.setText("Copied")
            return
        self._timer.stop()
        self._details = QPlainTextEdit(self.notice.details)
        self._details.setReadOnly(True)
        self._details.setFont(mono(11))
        self._details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._details.setFixedHeight(220)
        self._body.insertWidget(1, self._details)
        self._details.show()
        self._more.setText("Copy report")
        self.setFixedWidth(_WIDE)
        self.grown.emit()


class Toasts(QObject):
    """The stack of toasts of one window."""

    def __init__(self, window: QWidget, foot: int = 0) -> None:
        super().__init__(window)
        self._window = window
        self._foot = foot
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    @property
    def visible(self) -> tuple[Toast, ...]:
        """What a person sees, oldest first."""
        return tuple(self._toasts)

    def show(self, notice: Notice) -> None:
        """Shows a notice, or counts it on the toast that says the same already."""
        for toast in self._toasts:
            if (toast.notice.text, toast.notice.kind) == (notice.text, notice.kind):
                toast.again()
                return
        toast = Toast(notice, self._window)
        toast.closed.connect(self._remove)
        toast.grown.connect(self._place)
        self._toasts.append(toast)
        while len(self._toasts) > MOST:
            self._toasts[0].dismiss()
        toast.show()
        self._place()
        self._slide_in(toast)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the stack in its corner when the window changes size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _remove(self, toast: Toast) -> None:
        self._toasts.remove(toast)
        toast.deleteLater()
        self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._foot - _MARGIN
        for toast in reversed(self._toasts):
            toast.setFixedWidth(min(toast.maximumWidth(), max(200, self._window.width() - 2 * _MARGIN)))
            height = toast.heightForWidth(toast.width()) if toast.hasHeightForWidth() else toast.sizeHint().height()
            toast.resize(toast.width(), height)
            toast.move(self._window.width() - toast.width() - _MARGIN, bottom - height + toast.sunk)
            toast.raise_()
            bottom -= height + _GAP

    def _slide_in(self, toast: Toast) -> None:
        if not theme().motion():
            return
        slide = QVariantAnimation(toast, startValue=_RISE, endValue=0, duration=theme().motion())
        slide.valueChanged.connect(partial(self._raise, toast))
        slide.start(QVariantAnimation.DeletionPolicy.DeleteWhenStopped)

    def _raise(self, toast: Toast, sunk: int) -> None:
        toast.sunk = sunk
        self._place()
