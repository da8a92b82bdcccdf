"""The bodies on the workbench: a run of the lab `bodies.studio`, whose parameters are the scene and what hands do to it.

The scene is the state: undo is the scene before. While a hand turns or pulls, the worker shows what comes of it; once the hand lets
go it is asked to keep that, answers with the pose, and the pose goes into the scene.
"""

from __future__ import annotations

import math
import time as clock
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs import Conductor
from engine.api.body_scenes import (
    MOST_KEYS,
    Actor,
    BodyScene,
    Deed,
    KeyPose,
    Pose,
    What,
    changed,
    deed_to_text,
    files_to_text,
    posed,
    scene_to_text,
)
from engine.api.errors import StudioError
from engine.api.frames import Table, Text, view_of
from engine.api.share import Experiment, command_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app.runs import Host, LiveRun
    from engine.api.lab import LabInfo
    from engine.api.messages import Ended

VIEWS = ("scene", "bodies", "pose", "export", "files")
FIRST = BodyScene((Actor("Body 1"),))
SAME_GESTURE = 1.0
"""Seconds within which changes of one kind are one step of undo."""
LETS_GO_MS = 350
"""After so long without a change a slider counts as let go."""
MOST_STEPS, HOPELESS = 500, 5.0
BAKED = 4.0
"""Key frames a second that are made of a sequence."""


class BodiesDesk(QObject):
    """Keeps the scene, its history, the moment and the chosen body, and speaks to the worker."""

    edited = Signal()  # the scene or the chosen body is another
    moved = Signal(float)  # the moment is another, seconds
    shown = Signal(object)  # a frame for the viewport
    posed = Signal(object)  # Table: the pose of the chosen body
    counted = Signal(object)  # Table: every body in numbers
    inspected = Signal(object)  # Table: what files are
    reported = Signal(str)  # Markdown: what became of an export
    told = Signal(str)  # a sentence for the person
    told_progress = Signal(str)  # a word on what goes on
    failed = Signal(str, str)  # a sentence, details

    def __init__(self, info: LabInfo, host: Host, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self.conductor = Conductor(info, host, runs, self)
        self.scene, self.chosen, self.time = FIRST, 0, 0.0
        self.past: list[BodyScene] = []
        self.future: list[BodyScene] = []
        self.look: dict[str, Any] = {"tool": "turn joints", "onion": True}
        self.is_open = False
        self._gesture, self._gestured = "", 0.0
        self._number = self._saved = self._inspecting = 0
        self._saving, self.saved_as = False, ""
        self._started = 0.0
        self._asked: tuple[int, int, float, bool] | None = None
        self._to_bake: list[float] = []
        self._baked: list[KeyPose] = []
        self._soon = QTimer(self, singleShot=True, interval=LETS_GO_MS)
        self._soon.timeout.connect(self.keep)
        self.conductor.added.connect(self._wire)
        self.conductor.refused.connect(self.told)
        self.conductor.watch(VIEWS)

    @property
    def actor(self) -> Actor:
        """The chosen body."""
        return self.scene.actors[self.chosen]

    def open(self, scene: BodyScene | None = None, standing: bool = True) -> None:
        """Puts a scene on the stage; None is one body that stands."""
        self.scene, self.chosen, self.time = scene or FIRST, 0, 0.0
        self.past, self.future, self._asked, self.is_open = [], [], None, True
        self._start()
        if scene is None and standing:
            self.ask("preset", "stand", remembered=False)
        self.edited.emit()
        self.moved.emit(0.0)

    def _start(self) -> None:
        """A run of the lab that shows what the desk has."""
        texts = {"scene": scene_to_text(self.scene), "chosen": self.chosen + 1}
        texts |= {"moment": min(1.0, self.time / self.scene.seconds)}
        self._started = clock.monotonic()
        self.conductor.start(texts | {name: self._for_lab(name, value) for name, value in self.look.items()})

    # The scene ---------------------------------------------------------------------------------------------------------------

    def edit(self, scene: BodyScene, gesture: str = "", remembered: bool = True) -> None:
        """Another scene; what is done within a second under one name is one step of undo."""
        if scene == self.scene:
            return
        now = clock.monotonic()
        same = bool(gesture) and gesture == self._gesture and now - self._gestured < SAME_GESTURE
        self._gesture, self._gestured = gesture, now
        if remembered and not same:
            self.past = [*self.past[-MOST_STEPS:], self.scene]
        self.future = []
        self._take(scene)

    def change(self, gesture: str = "", **values: Any) -> None:
        """The chosen body becomes another in some respect."""
        self.edit(changed(self.scene, self.chosen, **values), gesture)

    def undo(self) -> None:
        """The scene before."""
        if self.past:
            self.future.append(self.scene)
            self._gesture = ""
            self._take(self.past.pop())

    def redo(self) -> None:
        """The scene after."""
        if self.future:
            self.past.append(self.scene)
            self._gesture = ""
            self._take(self.future.pop())

    def choose(self, index: int) -> None:
        """Another body is the one that hands belong to."""
        if index != self.chosen and 0 <= index < len(self.scene.actors):
            self.keep_now()
            self.chosen = index
            self._send("chosen", index + 1)
            self.edited.emit()

    def add(self, actor: Actor) -> None:
        """One more body, chosen at once, beside the others; one that has no pose yet stands."""
        self.edit(replace(self.scene, actors=(*self.scene.actors, actor)))
        self.choose(len(self.scene.actors) - 1)
        if not actor.pose.turns and not actor.keys:
            self.ask("preset", "stand", remembered=False)

    def remove(self) -> None:
        """The chosen body goes; the last one stays."""
        if len(self.scene.actors) < 2:
            self.told.emit("The last body stays; give it another model, or reset its pose.")
            return
        actors = list(self.scene.actors)
        del actors[self.chosen]
        before, self.chosen = self.chosen, max(0, self.chosen - 1)
        self.edit(replace(self.scene, actors=tuple(actors)))
        if before != self.chosen:
            self._send("chosen", self.chosen + 1)
        self.edited.emit()

    def go_to(self, time: float) -> None:
        """Another moment."""
        time = min(max(time, 0.0), self.scene.seconds)
        if not math.isclose(time, self.time, abs_tol=1e-6):
            self.time = time
            self._send_moment(time)
            self.moved.emit(time)

    def show(self, name: str, value: Any) -> None:
        """How it is shown: a parameter of the lab."""
        self.look[name] = value
        self._send(name, self._for_lab(name, value))

    def _for_lab(self, name: str, value: Any) -> Any:
        """A body that a sequence moves has no handles."""
        return "none" if name == "tool" and self.actor.sequence else value

    def _take(self, scene: BodyScene) -> None:
        self.scene = scene
        if self.chosen >= len(scene.actors):
            self.chosen = len(scene.actors) - 1
            self._send("chosen", self.chosen + 1)
        self._send("scene", scene_to_text(scene))
        self._send_moment(self.time)
        self._send("tool", self._for_lab("tool", self.look["tool"]))
        self.edited.emit()
        if self.time > scene.seconds:
            self.go_to(scene.seconds)

    # Hands -------------------------------------------------------------------------------------------------------------------

    def hand(self, name: str, value: Sequence[float], soon: bool = False) -> None:
        """A hand turns joints or pulls ends; nothing is kept yet. `soon`: a slider, which never says that it is let go."""
        if self.actor.sequence:
            self.told.emit("A sequence moves this body; make key frames of it to pose it.")
            return
        self._send(name, [float(part) for part in value])
        if soon:
            self._soon.start()

    def keep(self) -> None:
        """The hand let go: what it made is asked for and goes into the scene."""
        self._soon.stop()
        if not self.actor.sequence:
            self.ask("keep")

    def keep_now(self) -> None:
        """The same, if a hand is still at it."""
        if self._soon.isActive():
            self.keep()

    def ask(self, what: What, name: str = "", remembered: bool = True) -> None:
        """Asks the chosen body to do something; its new pose goes into the scene when it comes."""
        if self.actor.sequence:
            self.told.emit("A sequence moves this body; make key frames of it to pose it.")
            return
        self._number += 1
        self._asked = (self._number, self.chosen, self.time, remembered)
        self._send("deed", deed_to_text(Deed(self._number, what, name)))

    def bake(self) -> None:
        """Makes key frames of the sequence that moves the body, four a second, one after the other."""
        if self.actor.sequence and not self._to_bake:
            count = min(MOST_KEYS, round(BAKED * self.scene.seconds)) + 1
            self._baked = []
            self._to_bake = [self.scene.seconds * number / (count - 1) for number in range(count)]
            self._bake_next()

    def _bake_next(self) -> None:
        if self._to_bake:
            self._number += 1
            self.told_progress.emit(f"key frame {len(self._baked) + 1} of {len(self._baked) + len(self._to_bake)} …")
            self._send_moment(self._to_bake[0])
            self._send("deed", deed_to_text(Deed(self._number, "keep")))
            return
        self._send("deed", "")
        self._send_moment(self.time)
        self.change(sequence="", keys=tuple(self._baked))
        self.told_progress.emit(f"{len(self._baked)} key frames made of the sequence")

    def inspect(self, paths: Sequence[Path]) -> None:
        """Asks what these files are; the answer comes by `inspected`."""
        self._inspecting = len(paths)
        self._send("files", files_to_text(tuple(map(str, paths))))

    def save(self, path: Path) -> None:
        """Exports the chosen body; the report comes by `reported`."""
        self._saved, self.saved_as = self._saved + 1, str(path)
        self._saving = True
        self._send("save_as", str(path))
        self._send("save", self._saved)

    def command(self) -> str:
        """The command line that shows the same scene."""
        given = {
            "scene": scene_to_text(self.scene),
            "moment": min(1.0, self.time / self.scene.seconds),
            "chosen": self.chosen + 1,
        }
        usual = {entry.name: entry.default for entry in self.info.fields}
        sets = {name: value for name, value in given.items() if value != usual[name]}
        return command_line(self.info.fields, Experiment(self.info.id, sets))

    def close(self) -> None:
        """Ends the worker."""
        self._soon.stop()
        self.conductor.close()

    # The worker --------------------------------------------------------------------------------------------------------------

    def _send_moment(self, time: float) -> None:
        self._send("moment", min(1.0, time / self.scene.seconds))

    def _send(self, name: str, value: Any) -> None:
        run = self.conductor.front
        if run is not None and run.live and run.session is not None:
            run.session.change(name, value)

    def _wire(self, run: LiveRun) -> None:
        run.shown.connect(self._show)
        run.warned.connect(self._warn)
        run.ended.connect(self._end)
        run.lost.connect(self._lose)

    def _show(self, run: LiveRun, frame: Any, _step: int) -> None:
        if run is not self.conductor.front:
            return
        match view_of(frame.name):
            case "scene":
                self.shown.emit(frame)
            case "pose":
                self._answer(frame)
            case "bodies":
                self.counted.emit(frame)
            case "files" if self._inspecting and len(frame.rows) == self._inspecting:
                self._inspecting = 0
                self.inspected.emit(frame)
            case "export" if isinstance(frame, Text) and self._saving and frame.note == f"export {self._saved}":
                self._saving = False
                self.reported.emit(frame.markdown)

    def _answer(self, table: Table) -> None:
        """The pose of the chosen body; if it was asked for, it goes into the scene."""
        if self._to_bake:
            if table.note == f"deed {self._number}":
                self._baked.append(KeyPose(self._to_bake.pop(0), pose_of(table)))
                self._bake_next()
            return
        self.posed.emit(table)
        if self._asked is None or table.note != f"deed {self._asked[0]}":
            return
        (_, index, moment, remembered), self._asked = self._asked, None
        scene = self.scene
        if index < len(scene.actors):
            try:
                scene = posed(scene, index, pose_of(table), moment)
            except StudioError as error:
                self.told.emit(str(error))
        self.edit(scene, remembered=remembered)
        for name, nothing in (("turned", []), ("pulled", []), ("deed", "")):
            self._send(name, nothing)
        self.edited.emit()

    def _warn(self, _run: LiveRun, text: str) -> None:
        self._asked = None
        self._to_bake = []
        self.told.emit(text)

    def _lose(self, _run: LiveRun, sentence: str) -> None:
        """A worker that is lost takes nothing along: the scene is here. One that is lost at once is not started again."""
        self._asked, self._to_bake = None, []
        if clock.monotonic() - self._started < HOPELESS:
            self.failed.emit(f"{sentence} Start the program again.", "")
            return
        self.told.emit(f"{sentence} It was started again; nothing is lost.")
        self._start()

    def _end(self, run: LiveRun, ended: Ended) -> None:
        if ended.phase == "failed" and run is self.conductor.front:
            self.failed.emit(ended.summary or "The bodies could not be shown.", ended.details)


def pose_of(table: Table) -> Pose:
    """The pose in the worker's table: degrees to radians; its last row is where the pelvis went."""
    *joints, place = table.rows
    turns = tuple((math.radians(x), math.radians(y), math.radians(z)) for _, x, y, z, _ in joints)
    return Pose(turns, (float(place[1]), float(place[2]), float(place[3])))
