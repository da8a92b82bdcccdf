"""The tab Film: key frames of a flight, how long and how large the film is, and its making in a worker of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.number_field import NumberField
from app.notify import notify
from app.runs import Conductor
from app.theme import icon
from app.views.turning import quaternion_of_matrix
from engine.api.flights import Flight, Key, flight_to_text
from engine.api.splat_edits import edits_to_text
from engine.api.words import duration
from engine.raster import Free

if TYPE_CHECKING:
    from app.benches.splats.desk import SceneDesk
    from app.benches.splats.viewport import SceneViewport
    from app.runs import Host, LiveRun
    from engine.api.lab import LabInfo
    from engine.api.messages import Ended

FPS = 30
PICTURE = QSize(72, 40)
SIZES = ("640 × 360", "1280 × 720", "1920 × 1080")


class Filming(QObject):
    """A run of the lab `radiance.film`. `advanced(done, total, seconds left)`; `ended(sentence, well)`."""

    advanced = Signal(int, int, float)
    ended = Signal(str, bool)

    def __init__(self, info: LabInfo, host: Host, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.conductor = Conductor(info, host, runs, self)
        self.conductor.added.connect(self._wire)
        self._out = Path()

    def start(self, desk: SceneDesk, flight: Flight | None, seconds: float, size: str, out: Path) -> None:
        """Films the scene as it is edited now."""
        self._out = out
        params = {
            "file": desk.file,
            "up": desk.up,
            "edits": edits_to_text(desk.edits),
            "flight": flight_to_text(flight),
            "out": str(out),
            "size": size,
            "fps": FPS,
            "steps": max(2, round(seconds * FPS)),
        }
        self.conductor.start(params)

    def cancel(self) -> None:
        """Gives the film up; nothing of it is left."""
        self.conductor.stop()

    def close(self) -> None:
        """Ends the worker."""
        self.conductor.close()

    def _wire(self, run: LiveRun) -> None:
        run.stood.connect(self._tell)
        run.ended.connect(self._end)
        run.lost.connect(lambda _, sentence: self.ended.emit(sentence, False))

    def _tell(self, run: LiveRun) -> None:
        self.advanced.emit(run.at, max(run.total, 1), run.left)
        if run.phase == "exploring" and run.session is not None:
            run.session.stop()  # all pictures are taken: the worker may leave

    def _end(self, run: LiveRun, ended: Ended) -> None:
        whole = run.total > 0 and run.at >= run.total and ended.phase != "failed"
        if whole:
            self.ended.emit(f"The film is {self._out.name}.", True)
        elif ended.phase == "failed":
            self.ended.emit(ended.summary or "The film broke off.", False)
        else:
            self.ended.emit("The film was given up; nothing of it is left.", False)


class FilmPanel(QWidget):
    """Key frames and the button that films them."""

    def __init__(
        self, desk: SceneDesk, viewport: SceneViewport, filming: Filming, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._viewport, self._filming = desk, viewport, filming
        self.keys: list[Key] = []
        self._pictures: list[QPixmap] = []  # what was seen from each
        self.add, self.clear = QPushButton(icon("plus"), "Key frame"), QPushButton("Clear")
        self.list = QListWidget()
        self.closed = QCheckBox("Back to the start")
        self.seconds = NumberField("s", 0.5, 600, 8, "How long the film is")
        self.size_ = QComboBox()
        self.size_.addItems(SIZES)
        self.size_.setCurrentIndex(1)
        self.film, self.cancel = QPushButton(icon("film-reel", "on_accent"), "Film"), QPushButton("Cancel")
        self.bar, self.words = QProgressBar(), QLabel()
        self._lay_out()
        self._connect()
        self.show_keys()

    def flight(self) -> Flight | None:
        """The flight of the key frames; None, once around, without any."""
        return Flight(tuple(self.keys), self.seconds.value(), self.closed.isChecked()) if self.keys else None

    def add_key(self) -> None:
        """From here."""
        stage = self._viewport.view.stage
        camera = stage.camera()
        turn = quaternion_of_matrix(camera.world_from_camera[:3, :3])
        kinds = (Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation)
        picture = QPixmap.fromImage(stage.image.scaled(PICTURE, *kinds))
        self._pictures.append(
            picture.copy(picture.rect().center().x() - PICTURE.width() // 2, 0, PICTURE.width(), PICTURE.height())
        )
        self.keys.append(Key(tuple(camera.position.tolist()), tuple(turn.tolist()), camera.fov_y))
        self.show_keys()

    def show_keys(self) -> None:
        """Lists them."""
        self.list.clear()
        for number, picture in enumerate(self._pictures, 1):
            self.list.addItem(QListWidgetItem(QIcon(picture), f"Key frame {number}"))
        self.clear.setEnabled(bool(self.keys))
        plural = "Once around the scene; add key frames for a flight of your own." if not self.keys else ""
        self.words.setText(plural)

    def go_to(self, row: int) -> None:
        """Looks from a key frame."""
        from app.views.turning import matrix_of_quaternion

        if 0 <= row < len(self.keys):
            key, pose = self.keys[row], np.eye(4)
            pose[:3, :3], pose[:3, 3] = matrix_of_quaternion(np.array(key.turn)), key.place
            stage = self._viewport.view.stage
            stage.take(Free(pose, stage.orbit.distance, key.fov_y))
            stage.touched = True
            self._viewport.view.refresh()

    def ask_film(self) -> None:
        """Asks where to, and films."""
        name, _ = QFileDialog.getSaveFileName(self, "Film the scene", "film.mp4", "Film (*.mp4);;Pictures (*.png)")
        if name:
            self.start(Path(name))

    def start(self, out: Path) -> None:
        """Films."""
        self._show_busy(True)
        self._filming.start(self._desk, self.flight(), self.seconds.value(), self.size_.currentText(), out)

    # Inside ------------------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        label = QLabel("FLIGHT")
        label.setProperty("role", "section")
        column.addWidget(label)
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        self.add.setToolTip("The flight passes through where the camera is now (K)")
        self.clear.setToolTip("Lets go of all key frames")
        self.list.setAccessibleName("Key frames")
        self.list.setToolTip("Click a key frame to look from there")
        self.closed.setToolTip("From the last key frame the camera flies back to the first")
        self.size_.setToolTip("Pixels of the film")
        self.film.setToolTip("Writes an MP4, or PNG pictures, in a worker of its own")
        self.film.setProperty("kind", "primary")
        self.cancel.setToolTip("Gives the film up; nothing of it is left")
        self.list.setMaximumHeight(260)
        self.list.setIconSize(PICTURE)
        rows = ((self.add, self.clear), (self.list,), (self.closed,), (self.seconds, self.size_), (self.words,))
        for row in (*rows, (self.film, self.cancel), (self.bar,)):
            line = QHBoxLayout()
            for widget in row:
                line.addWidget(widget, 1)
            column.addLayout(line)
        column.addStretch(1)
        self._show_busy(False)

    def _connect(self) -> None:
        self.add.clicked.connect(self.add_key)
        self.clear.clicked.connect(self._clear)
        self.list.itemClicked.connect(lambda entry: self.go_to(self.list.row(entry)))
        self.film.clicked.connect(self.ask_film)
        self.cancel.clicked.connect(self._filming.cancel)
        self._filming.advanced.connect(self._advance)
        self._filming.ended.connect(self._end)

    def _clear(self) -> None:
        self.keys, self._pictures = [], []
        self.show_keys()

    def _show_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.bar.setValue(0)
        self.cancel.setEnabled(busy)
        self.film.setEnabled(not busy)

    def _advance(self, done: int, total: int, left: float) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.words.setText(f"{done} of {total} pictures, {duration(left)} left")

    def _end(self, sentence: str, well: bool) -> None:
        self._show_busy(False)
        self.show_keys()
        notify(sentence, "good" if well else "info")
