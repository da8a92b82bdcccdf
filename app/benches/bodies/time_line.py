"""The time line below the bodies: play, loop, key frames, onion skin, and how long it all is."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.benches.bodies.time_track import FRAME, TimeTrack
from app.controls.number_field import NumberField
from app.notify import notify
from app.theme import icon
from app.views.elided_label import ElidedLabel
from engine.api.body_scenes import (
    MOST_SECONDS,
    SAME_MOMENT,
    KeyPose,
    key_at,
    moved_key,
    with_key,
    without_key,
)
from engine.api.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.benches.bodies.desk import BodiesDesk
    from engine.api.body_scenes import BodyScene, Pose

TICK_MS = 25


class TimeLine(QFrame):
    """Plays the desk's scene and changes its key frames. `onion_toggled(whether)`."""

    onion_toggled = Signal(bool)

    def __init__(self, desk: BodiesDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "foot")
        self._desk = desk
        self._pose: Pose | None = None
        self._sequences: dict[str, float] = {}
        self._ticked = 0.0
        self.track = TimeTrack()
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._make_buttons()
        self._lay_out()
        self.track.scrubbed.connect(self._scrub)
        self.track.key_moved.connect(self._move_key)
        desk.edited.connect(self._follow)
        desk.moved.connect(self._show_time)
        self._follow()
        self._show_time(0.0)

    @property
    def playing(self) -> bool:
        """Whether time goes on."""
        return self._clock.isActive()

    def show_pose(self, pose: Pose) -> None:
        """The pose that the chosen body has at this moment."""
        self._pose = pose

    def show_sequence(self, name: str, seconds: float) -> None:
        """How long a sequence is."""
        self._sequences[name] = seconds
        self._follow()

    def toggle(self) -> None:
        """Plays, or holds."""
        if self.playing:
            self.pause()
            return
        if self._desk.time >= self._desk.scene.seconds - SAME_MOMENT:
            self._desk.go_to(0.0)
        self._ticked = clock.monotonic()
        self._clock.start()
        self._show_playing()

    def pause(self) -> None:
        """Holds."""
        self._clock.stop()
        self._show_playing()

    def add_key(self) -> None:
        """The pose of this moment becomes a key frame."""
        if self._desk.actor.sequence:
            notify("A sequence moves this body; make key frames of it first (the tab Pose).", "info")
        elif self._pose is not None:
            key = KeyPose(self._desk.time, self._pose)
            self._edit(lambda scene, body: with_key(scene, body, key))

    def delete_key(self) -> None:
        """The chosen key frame goes, or the one of this moment."""
        number = self.track.chosen if self.track.chosen >= 0 else key_at(self._desk.actor, self._desk.time)
        if 0 <= number < len(self._desk.actor.keys):
            self.track.chosen = -1
            self._edit(lambda scene, body: without_key(scene, body, number))

    def step_key(self, direction: int) -> None:
        """To the next key frame, or the one before."""
        now = self._desk.time
        moments = [0.0, *(key.time for key in self._desk.actor.keys), self._desk.scene.seconds]
        ahead = [moment for moment in moments if (moment - now) * direction > SAME_MOMENT]
        if ahead:
            self._scrub(min(ahead) if direction > 0 else max(ahead))

    # Inside --------------------------------------------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        rows: tuple[tuple[str, str, str, Callable[[], object]], ...] = (
            ("back", "skip-back", "To the key frame before (,)", partial(self.step_key, -1)),
            ("play", "play", "Play (Space)", self.toggle),
            ("forward", "skip-forward", "To the next key frame (.)", partial(self.step_key, 1)),
            ("add", "plus", "Key frame of this pose, here (K)", self.add_key),
            ("delete", "trash", "Delete the key frame (Del)", self.delete_key),
        )
        self.buttons = {name: _tool(glyph, tip) for name, glyph, tip, _ in rows}
        for name, _, _, act in rows:
            self.buttons[name].clicked.connect(act)
        self.loop, self.onion = (
            _tool("arrows-clockwise", "Loop: plays again from the start"),
            _tool("stack", "Onion skin: ghosts of the key frames before and after"),
        )
        for button in (self.loop, self.onion):
            button.setCheckable(True)
            button.setChecked(True)
        self.onion.toggled.connect(self.onion_toggled)

    def _lay_out(self) -> None:
        self.now, self.words = QLabel(), ElidedLabel("", "small")
        self.now.setProperty("role", "value")
        self.now.setMinimumWidth(84)
        self.length = NumberField("s", 0.5, MOST_SECONDS, 4.0, "How long the time line is")
        self.length.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.length.setFixedWidth(68)
        self.length.editingFinished.connect(self._take_length)
        row = QHBoxLayout()
        row.setSpacing(2)
        for name in ("back", "play", "forward"):
            row.addWidget(self.buttons[name])
        row.addSpacing(8)
        row.addWidget(self.now)
        row.addSpacing(8)
        row.addWidget(self.buttons["add"])
        row.addWidget(self.buttons["delete"])
        row.addSpacing(8)
        row.addWidget(self.loop)
        row.addWidget(self.onion)
        row.addSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.length)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.track)

    def _tick(self) -> None:
        now = clock.monotonic()
        time, self._ticked = self._desk.time + now - self._ticked, now
        if time >= self._desk.scene.seconds:
            if not self.loop.isChecked():
                self._desk.go_to(self._desk.scene.seconds)
                self.pause()
                return
            time %= self._desk.scene.seconds
        self._desk.go_to(time)

    def _scrub(self, time: float) -> None:
        self.pause()
        self._desk.go_to(time)

    def _edit(self, change: Callable[[BodyScene, int], BodyScene]) -> None:
        try:
            self._desk.edit(change(self._desk.scene, self._desk.chosen))
        except StudioError as error:
            notify(str(error), "info")

    def _move_key(self, number: int, time: float) -> None:
        self.track.chosen = -1
        self._edit(lambda scene, body: moved_key(scene, body, number, time))
        self._scrub(time)

    def _take_length(self) -> None:
        scene = self._desk.scene
        last = max((key.time for actor in scene.actors for key in actor.keys), default=0.0)
        self._desk.edit(replace(scene, seconds=max(self.length.value(), last, 0.5)))
        self.length.setValue(self._desk.scene.seconds)

    def _follow(self) -> None:
        actor, seconds = self._desk.actor, self._desk.scene.seconds
        sequence = self._sequences.get(actor.sequence, seconds) if actor.sequence else 0.0
        self.track.show_keys(tuple(key.time for key in actor.keys), seconds, sequence)
        if not self.length.hasFocus():
            self.length.setValue(seconds)
        self._write()

    def _show_time(self, time: float) -> None:
        self.track.show_time(time)
        self._write()

    def _write(self) -> None:
        desk = self._desk
        self.now.setText(f"{desk.time:.2f} s  ·  {round(desk.time / FRAME)}")
        self.now.setToolTip("Seconds, and frames at thirty a second")
        count = len(desk.actor.keys)
        words = "no key frames: K makes one" if not count else f"{count} key frame{'s' if count > 1 else ''}"
        self.words.setText("a sequence" if desk.actor.sequence else words)
        self.buttons["delete"].setEnabled(self.track.chosen >= 0 or key_at(desk.actor, desk.time) >= 0)

    def _show_playing(self) -> None:
        self.buttons["play"].setIcon(icon("pause" if self.playing else "play"))
        self.buttons["play"].setToolTip("Pause (Space)" if self.playing else "Play (Space)")


def _tool(glyph: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setIconSize(QSize(17, 17))
    button.setFixedSize(30, 28)
    button.setProperty("kind", "ghost")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0].partition(":")[0])
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
