"""The tab Capture: photos or a video in, how they are taken, how far it is, what the doctor says, and the photos one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.benches.splats.capture_files import VIDEOS, folder_for, is_video, read_diagnosis, title_of
from app.benches.splats.capturing import Advance, CaptureOrder, Capturing
from app.benches.splats.doctor_card import DoctorCard
from app.benches.splats.photo_list import PhotoList
from app.controls.number_field import NumberField
from app.controls.thumbnails import Thumbnails
from app.notify import notify
from app.theme import icon
from app.views.elided_label import ElidedLabel
from engine.api.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = ((800, "800 px · fast"), (1200, "1,200 px"), (1600, "1,600 px · fine"), (2400, "2,400 px · slow"))
USUAL = 1


class CapturePanel(QScrollArea):
    """`ready(folder)`: photos have their poses; `train_wanted(folder)`; `box_wanted()`: masks from the crop box."""

    ready = Signal(object)
    train_wanted = Signal(object)
    box_wanted = Signal()

    def __init__(self, root: Path, capturing: Capturing | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.root = root
        self.capturing = capturing or Capturing(self)
        self.source: Path | None = None
        self.folder: Path | None = None
        self._masks: Path | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(8)
        self._add_source()
        self._add_settings()
        self._add_progress()
        self.doctor = DoctorCard()
        self._column.addWidget(self.doctor)
        self._photos_head = self._head("PHOTOS")
        self.photos = PhotoList()
        self._column.addWidget(self.photos, 1)
        self.use = QPushButton(icon("arrows-clockwise"), "Go on training with this")
        self.use.setToolTip(
            "The run reads its photos again, and goes on from where it is; else this counts from the next start"
        )
        self.use.hide()
        self._column.addWidget(self.use)
        self._column.addStretch(0)
        self.setWidget(body)
        self._connect()
        self._show()

    def take(self, paths: Sequence[Path]) -> bool:
        """Photos, a folder of them, or a video; whether it is any of these. Nothing starts yet."""
        path = paths[0]
        if self.capturing.running or not (is_video(path) or path.is_dir()):
            return False
        self.source, self.folder, self._masks = path, None, None
        self.pictures.show_path(path if path.is_dir() else None)
        self.count.setText("a video" if path.is_file() else "reading …")
        self.doctor.show_diagnosis(None)
        self.photos.show_folder(None)
        done = folder_for(path, self.root)
        if read_diagnosis(done) is not None:
            self._take_result(done)
        self._show()
        return True

    def start(self) -> None:
        """Looks for the cameras."""
        if self.source is None:
            return
        self.doctor.show_diagnosis(None)
        self.folder = None
        side, frames = int(self.size_.currentData()), round(self.frames.value())
        self.capturing.start(CaptureOrder(self.source, folder_for(self.source, self.root), side, frames, self._masks))
        self._show()

    def offer_use(self, on: bool) -> None:
        """Whether what was masked or left out can be used by the run that goes on."""
        self.use.setVisible(on)

    def close_session(self) -> None:
        """Ends what runs; it goes on from there when it is started again."""
        self.capturing.close()

    # How it is made --------------------------------------------------------------------------------------------------------

    def _head(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "section")
        if self._column.count():
            self._column.addSpacing(8)
        self._column.addWidget(label)
        return label

    def _add_source(self) -> None:
        self._head("PHOTOS OR A VIDEO")
        self.name, self.count = ElidedLabel("Drop them here", "heading"), QLabel()
        self.count.setProperty("role", "small")
        self.count.setWordWrap(True)
        self.pictures = Thumbnails()
        self.pictures.show_path(None)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.choose, self.choose_video = (
            QPushButton(icon("images"), "Photos …"),
            QPushButton(icon("film-strip"), "Video …"),
        )
        self.choose.setToolTip("A folder of photos of one scene, 20 or more, overlapping by half")
        self.choose_video.setToolTip("A film of one scene; its sharpest frames are taken")
        row.addWidget(self.choose, 1)
        row.addWidget(self.choose_video, 1)
        for widget in (self.name, self.count, self.pictures):
            self._column.addWidget(widget)
        self._column.addLayout(row)

    def _add_settings(self) -> None:
        self.size_ = QComboBox()
        for side, words in SIZES:
            self.size_.addItem(words, side)
        self.size_.setCurrentIndex(USUAL)
        self.size_.setToolTip("The longer side of the photos that are learnt from")
        self.frames = NumberField(
            "frames", 10, 400, 60, "How many frames are taken of the video: the sharpest of each stretch"
        )
        self.masks = QPushButton("Masks …")
        self.masks.setToolTip(
            "A folder of masks: white counts, black does not. Masks beside the photos, or transparency, are found"
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.size_, 1)
        row.addWidget(self.frames, 1)
        row.addWidget(self.masks, 1)
        self._column.addLayout(row)

    def _add_progress(self) -> None:
        self.go, self.cancel = QPushButton(icon("camera", "on_accent"), "Find the cameras"), QPushButton("Cancel")
        self.go.setProperty("kind", "primary")
        self.go.setToolTip("Finds where each photo was taken. Broken off, it goes on from there")
        self.cancel.setToolTip("Breaks off; what was found is kept")
        self.train = QPushButton(icon("play", "on_accent"), "Train from these photos")
        self.train.setProperty("kind", "primary")
        self.train.setToolTip("Starts to learn the scene, in the tab Train")
        self.again = QPushButton("Other settings")
        self.again.setProperty("kind", "quiet")
        self.again.setToolTip("Finds the cameras anew, with another size or other masks")
        self.bar, self.words = QProgressBar(), QLabel()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.go, 1)
        row.addWidget(self.cancel, 1)
        self._column.addLayout(row)
        self._column.addWidget(self.train)
        self._column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignRight)
        self._column.addWidget(self.bar)
        self._column.addWidget(self.words)

    def _connect(self) -> None:
        run = self.capturing
        run.advanced.connect(self._advance)
        run.ended.connect(self._end)
        self.choose.clicked.connect(self._ask_photos)
        self.choose_video.clicked.connect(self._ask_video)
        self.masks.clicked.connect(self._ask_masks)
        self.go.clicked.connect(self.start)
        self.cancel.clicked.connect(run.cancel)
        self.again.clicked.connect(self._begin_anew)
        self.train.clicked.connect(lambda: self.train_wanted.emit(self.folder))
        self.pictures.counted.connect(lambda count, _all: self.count.setText(plural(count, "photo")))
        self.doctor.asked.connect(self._do)

    # What follows ----------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Offers what can be done now."""
        running, source, done = self.capturing.running, self.source, self.folder is not None
        self.name.setText(title_of(source) if source is not None else "Drop them here")
        if source is None:
            self.count.setText("20 photos or more, all around, each overlapping the last by half")
        asks = source is not None and not running and not done
        for widget in (self.size_, self.masks):
            widget.setVisible(asks)
        self.frames.setVisible(asks and source is not None and source.is_file())
        self.masks.setText(self._masks.name if self._masks is not None else "Masks …")
        self.go.setVisible(asks)
        self.cancel.setVisible(running)
        self.bar.setVisible(running)
        self.words.setVisible(running)
        self.train.setVisible(done and not running)
        self.again.setVisible(done and not running)
        for button in (self.choose, self.choose_video):
            button.setEnabled(not running)
        self.photos.setVisible(done)
        self._photos_head.setVisible(done)

    def _advance(self, advance: Advance) -> None:
        self.bar.setValue(round(1000 * advance.share))
        self.words.setText(advance.words)

    def _end(self, well: bool, sentence: str) -> None:
        order = self.capturing.order
        if well and order is not None:
            self._take_result(order.out)
        elif sentence:
            self.doctor.show_trouble(sentence)
        self._show()

    def _take_result(self, folder: Path) -> None:
        self.folder = folder
        self.doctor.show_diagnosis(read_diagnosis(folder))
        self.photos.show_folder(folder)
        self.ready.emit(folder)

    def _do(self, deed: str, names: Sequence[str]) -> None:
        """A button of the doctor's."""
        there = self.photos.names
        if deed == "box":
            self.box_wanted.emit()
        elif deed == "mask" and there:
            self.photos.mark(there[:1])
            self.photos.mask_wanted.emit(there[0])
        elif deed == "show":
            self.photos.mark(names)
            missing = [name for name in names if name not in there]
            if missing:
                notify(f"Not placed: {', '.join(missing[:6])}{' …' if len(missing) > 6 else ''}", "info")

    def _begin_anew(self) -> None:
        self.folder = None
        self.doctor.show_diagnosis(None)
        self._show()

    def _ask_photos(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder of photos")
        if name:
            self.take([Path(name)])

    def _ask_video(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in VIDEOS)
        name, _ = QFileDialog.getOpenFileName(self, "A video", "", f"Videos ({pattern})")
        if name:
            self.take([Path(name)])

    def _ask_masks(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder of masks")
        if name:
            self._masks = Path(name)
            self._show()
