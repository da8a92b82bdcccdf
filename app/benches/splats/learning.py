"""The half of the workbench that learns: the tabs Capture and Train, the photos in the viewport, masks, the strip of held-out photos.

The page asks it what to show beside these tabs: `scene`, `photos` and `points` are the newest of the run, or of the capture before it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.benches.splats.box_masks import box_mask
from app.benches.splats.capture_files import (
    is_posed,
    is_video,
    mask_path,
    read_points,
    title_of,
    write_mask,
)
from app.benches.splats.capture_panel import CapturePanel
from app.benches.splats.held_out import HeldOutStrip
from app.benches.splats.mask_sheet import MaskSheet
from app.benches.splats.training import TrainingPanel
from app.benches.splats.viewport import ITEM
from app.notify import notify
from app.topics.dropped import gather
from engine.api.errors import DataError
from engine.api.frames import Table
from engine.api.own_files import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from app.benches.splats.shots import Shot
    from app.benches.splats.viewport import SceneViewport
    from app.places import Places
    from app.runs import Host
    from app.settings import Settings
    from engine.api.frames import Points, Splats
    from engine.api.lab import LabInfo


class Learning(QObject):
    """`changed()`: something else is to be shown. `fronted(tab)`: this tab should come to the front. `masking(on)`: a mask is painted."""

    changed = Signal()
    fronted = Signal(object)
    masking = Signal(bool)

    def __init__(
        self, info: LabInfo, host: Host, places: Places, settings: Settings, viewport: SceneViewport, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.training = TrainingPanel(info, host, places, settings)
        self.capture = CapturePanel(places.data / "captures")
        self.strip, self.masks = HeldOutStrip(), MaskSheet()
        self.viewport, self._data = viewport, places.data
        self.scene: Splats | None = None
        self.photos: tuple[Shot, ...] = ()
        self.points: Points | None = None
        self._rough = False
        self._connect()

    @property
    def tabs(self) -> tuple[tuple[str, QWidget], ...]:
        """The tabs of the dock, in their order."""
        return ("Capture", self.capture), ("Train", self.training)

    @property
    def awaited(self) -> str:
        """What is under way before there is anything to see; "" if nothing is."""
        run = self.training.lab.conductor.front
        if run is not None and run.live and run.phase in ("starting", "running", "paused"):
            return run.doing or "The run begins …"
        return "Looking for the cameras …" if self.capture.capturing.running else ""

    def facts(self) -> Table | None:
        """What there is to know of what is learnt, for the rail."""
        rows: list[tuple[str, str]] = []
        if self.photos:
            held = sum(shot.held for shot in self.photos)
            rows += [("Photos", f"{len(self.photos):,}"), ("Held out", f"{held:,}")]
        if self.scene is not None:
            rows.append(("Gaussians", f"{len(self.scene.means):,}"))
        elif self.points is not None:
            rows.append(("Points", f"{len(self.points.positions):,}"))
        source = self.capture.source
        name = self.training.data_name or (title_of(source) if source is not None else "Photos")
        return Table("facts", ("What", "Value"), (("Scene", name), *rows)) if rows else None

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Photos or a video go to the tab Capture, posed photos and past runs to the tab Train. Raises DataError."""
        first = paths[0]
        pictures = [path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
        if len(pictures) == 1 == len(paths):
            raise DataError("One photo is too few for a scene; drop the folder with all of its photos.")
        if is_posed(first) or (first / "run.json").is_file():
            tab: QWidget = self.training
            taken = self.training.accept_drop(paths)
        else:
            source = gather(tuple(pictures), self._data / "dropped") if len(pictures) > 1 else first
            tab = self.capture
            taken = (source.is_dir() or is_video(source)) and self.capture.take([source])
        if taken:
            self.fronted.emit(tab)
        return taken

    def train_own(self) -> None:
        """Trains the scene that ships."""
        self.fronted.emit(self.training)
        self.training.start_own()

    def go_to_photo(self, name: str) -> None:
        """Stands where a photo was taken, if that is known."""
        shot = next((shot for shot in self.photos if shot.name == name), None)
        if shot is not None:
            self.viewport.stand_at(shot)

    def close_session(self) -> None:
        """Ends the workers and the capture."""
        self.training.close_session()
        self.capture.close_session()

    # How it is joined ------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        training, capture, masks = self.training, self.capture, self.masks
        for signal, act in (
            (training.begun, self._begin),
            (training.scene, self._take_scene),
            (training.photos, self._take_photos),
            (training.points, self._take_points),
            (training.close_up, self.viewport.show_close_up),
            (training.views, self._take_views),
            (self.strip.chosen, self.go_to_photo),
            (self.viewport.jumped, lambda shot: training.choose_photo(shot.name)),
            (self.viewport.stood, self.strip.mark),
            (capture.capturing.placed, self._take_points),
            (capture.ready, self._take_capture),
            (capture.train_wanted, self._train_from),
            (capture.box_wanted, self.mask_to_box),
            (capture.photos.opened, self.go_to_photo),
            (capture.photos.mask_wanted, self.paint_mask),
            (capture.photos.box_wanted, self.mask_to_box),
            (capture.photos.changed, self._offer),
            (masks.changed, lambda _: self._masked()),
            (masks.left, lambda: self.masking.emit(False)),
            (masks.stepped, self._step_mask),
            (capture.use.clicked, self._use_now),
        ):
            signal.connect(act)

    def _begin(self) -> None:
        """Another run: nothing of the one before it stays."""
        self.scene, self.photos = None, ()
        self.strip.forget()
        self.changed.emit()

    def _take_scene(self, frame: Splats) -> None:
        self.scene = dataclasses.replace(frame, name=ITEM)
        if self._rough:
            self.points, self._rough = None, False
        self.changed.emit()

    def _take_points(self, frame: Points) -> None:
        """Points so far: they are not level yet, so that they do not fit the scene that comes of them."""
        self.points, self._rough = frame, True
        self.changed.emit()

    def _take_capture(self, folder: Path) -> None:
        self.points, self._rough = read_points(folder), False
        self.changed.emit()

    def _take_photos(self, shots: tuple[Shot, ...]) -> None:
        """Their pictures are sent along each time, and seldom change."""
        if [shot.name for shot in shots] != [shot.name for shot in self.photos]:
            self.strip.show_pictures({shot.name: shot.picture for shot in shots})
        self.photos = shots
        self.changed.emit()

    def _take_views(self, table: Table) -> None:
        self.strip.show_table(table)
        self.changed.emit()

    def _train_from(self, folder: Path) -> None:
        self.fronted.emit(self.training)
        self.training.start_from(folder)
        self.capture.offer_use(False)

    # Masks -----------------------------------------------------------------------------------------------------------------

    def paint_mask(self, name: str) -> None:
        """Opens a photo for painting."""
        if self.capture.folder is not None:
            self.masks.show_photo(self.capture.folder, name)
            self.masking.emit(True)

    def mask_to_box(self) -> None:
        """What lies in the crop box counts, in every photo whose place is known. The first press shows the box."""
        folder, view = self.capture.folder, self.viewport
        names = set(self.capture.photos.names)
        shots = [shot for shot in self.photos if shot.name in names]
        if folder is None or not shots or view.choosing.cloud is None:
            notify("Train a few hundred steps first: the box is drawn in the scene.", "info")
            return
        if view.tool != "box":
            view.take_tool("box")
            notify("Drag the faces of the box around what shall stay, then press “Box …” again.", "info")
            return
        try:
            for shot in shots:
                write_mask(mask_path(folder, shot.name), box_mask(shot, view.box.low, view.box.high))
        except DataError as error:
            notify(str(error))
        view.take_tool("orbit")
        self._masked()
        notify(f"{len(shots)} photos are masked to the box.", "good")

    def _step_mask(self, by: int) -> None:
        names = self.capture.photos.names
        if self.masks.photo in names:
            name = names[(names.index(self.masks.photo) + by) % len(names)]
            self.capture.photos.mark([name])
            self.paint_mask(name)

    def _masked(self) -> None:
        self.capture.photos.refresh()
        self._offer()

    def _offer(self) -> None:
        """A run that learns from these photos can go on with what has changed."""
        self.capture.offer_use(self.training.learns_from(self.capture.folder))

    def _use_now(self) -> None:
        self.capture.offer_use(False)
        self.fronted.emit(self.training)
        self.training.read_again()
