"""The page of a lab, whichever lab: run bar, views, controls and notes, time line, runs, proof; all made from the lab's declaration.

The page joins what others do: `app.runs.conductor` has the runs, `app.topics.stage` shows what they tell, `app.topics.parameters` holds
the values, `app.topics.page_parts` lays everything out.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QMenu, QWidget

from app.drops import classify, takes
from app.notify import notify
from app.runs import Conductor
from app.runs.shelf import is_open
from app.topics import dropped
from app.topics.fork_card import ForkCard
from app.topics.page_actions import PageActions
from app.topics.page_parts import PageLayout, Parts
from app.topics.stage import Stage
from app.views.viewport_stage import Stage as ViewportStage
from engine.api.share import command_line, share_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from app.places import Places
    from app.runs import Host
    from app.settings import Settings
    from engine.api.lab import LabInfo
    from engine.api.share import Experiment


class LabPage(QWidget):
    """A lab's page. `title_changed(text)` and `status(text)` are for the window's own bars."""

    title_changed = Signal(str)
    status = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, info: LabInfo, host: Host, places: Places, settings: Settings) -> None:
        super().__init__()
        self.info = info
        self.trains = any(entry.name == "steps" for entry in info.fields)
        self._host, self._places = host, places
        runs = places.runs if self.trains else _exploring_folder(places, info)
        self.conductor = Conductor(info, host, runs, self)
        self.parts = Parts(info, runs, self.conductor, self)
        self.stage = Stage(self.parts, self.conductor, self)
        self.deeds = PageActions(self, self._handlers())
        self.plan = PageLayout(self.parts, settings, self)
        self._watch_soon = QTimer(self, singleShot=True, interval=0)
        self._begun = False
        self.plan.foot.setVisible(self.trains)
        self.parts.dock.follow(self.conductor.runs)
        self.menu = QMenu(self)
        self.parts.bar.views.setMenu(self.menu)
        self._connect()
        self.parts.bar.preset_speed(info.speed)
        self.stage.show_state()

    @property
    def running(self) -> bool:
        """Whether a run of this page goes on."""
        return self.stage.running

    # What the window asks --------------------------------------------------------------------------------------------

    def actions(self) -> list[QAction]:
        """What can be done here, for the menu, the palette and the table of keys."""
        return list(self.deeds.of.values())

    def command(self) -> str:
        """The `main.py run` line of what the controls say."""
        return command_line(self.info.fields, self.parts.parameters.experiment())

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Takes pictures or a mesh for the lab's own data, or a past run; whether it did. Raises DataError."""
        drop = classify(paths)
        if drop.kind == "run":
            self.open_run(drop.paths[0])
            return True
        entry = next((entry for entry in self.info.fields if takes(entry, drop)), None)
        if entry is None:
            return False
        value = dropped.as_value(entry, drop, self._places.data)
        self.parts.parameters.person_sets(entry.name, value)
        self.parts.side.show_tab("controls")
        when = "It is used at once." if entry.control.live and self.running else "Start to use it."
        notify(f"{entry.label} is now “{Path(value).name}”. {when}", "good")
        return True

    def open_run(self, folder: Path) -> None:
        """Shows a past run at its newest moment, held there."""
        run = self.conductor.open(folder)
        if run is None or run.live or not run.moments:
            return
        if is_open(folder):
            notify(f"The run {folder.name} is open in another window; stop it there first.", "info")
        else:
            self.conductor.take_up(run, paused=True)

    def open_experiment(self, experiment: Experiment) -> None:
        """Takes the parameters of a share string. Raises ParameterError."""
        self.parts.parameters.take_experiment(experiment)
        self.parts.side.seed.take(experiment.seed)

    def close_session(self) -> None:
        """Ends every run of this page; each is saved and can be resumed."""
        self.plan.keep()
        self.conductor.close()
        self.stage.close()

    # What a person does ----------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Start, pause, go on, continue: whatever is next."""
        run = self.conductor.front
        if run is None:
            self.start()
        elif run.live and run.phase in ("running", "paused"):
            run.toggle()
        elif run.phase in ("exploring", "finished"):
            if self.trains:
                self.train_on()
            else:
                self.start()
        elif run.moments and not run.live:
            self.conductor.take_up(run)
        elif not run.live:
            self.start()

    def start(self) -> None:
        """A fresh run with the controls as they stand."""
        self.conductor.start(self.parts.parameters.json(), self.parts.parameters.seed)

    def train_on(self) -> None:
        """As many steps again as the controls say, from where the run ended."""
        run = self.conductor.front
        if run is None:
            return
        most = next(int(getattr(entry.control, "hi", 0)) for entry in self.info.fields if entry.name == "steps")
        total = min(max(run.total, run.at) + int(self.parts.parameters.value("steps")), most)
        if total <= run.at:
            notify(f"{most:,} steps are the most that this lab makes; fork the run, or start again.", "info")
        else:
            self.conductor.take_up(run, {"steps": total})

    def step(self) -> None:
        """One step of the run in front."""
        if self.conductor.front is not None:
            self.conductor.front.single_step()

    def go_on(self) -> None:
        """From the moment that is shown."""
        if self.conductor.front is not None:
            self.conductor.front.go_on()

    def come_home(self) -> None:
        """Back to now."""
        if self.conductor.front is not None:
            self.conductor.front.come_home()

    def save(self) -> None:
        """Keeps this moment."""
        run = self.conductor.front
        if run is not None and run.session is not None:
            run.session.save()

    def ask_fork(self) -> None:
        """Asks which parameter the fork changes."""
        run = self.conductor.front
        if run is None or not self.trains:
            return
        card = ForkCard(self.info, self)
        card.chosen.connect(self.conductor.fork)
        looking_back = run.visiting is not None
        anchor = self.parts.scrubber.fork if looking_back else self.parts.bar.fork
        card.open_at(anchor, run.visiting if run.visiting is not None else run.at, run.params)

    def prove(self) -> None:
        """Runs the checks, and shows them."""
        self.plan.show_side(True)
        self.parts.side.show_tab("proof")
        if not self.conductor.proving:
            self.parts.side.proof.begin()
            self.conductor.prove()

    def copy_command(self) -> None:
        """Puts the command in the clipboard."""
        QGuiApplication.clipboard().setText(self.command())
        notify("The command is in the clipboard.", "good")

    def copy_share(self) -> None:
        """Puts the share string in the clipboard."""
        QGuiApplication.clipboard().setText(share_string(self.parts.parameters.experiment()))
        notify("The share string is in the clipboard.", "good")

    # How it is joined ------------------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Any]:
        parts = self.parts
        return {
            "toggle": self.toggle,
            "step": self.step,
            "stop": self.conductor.stop,
            "again": self.start,
            "save": self.save,
            "fork": self.ask_fork,
            "earlier": lambda: parts.scrubber.line.go(-1),
            "later": lambda: parts.scrubber.line.go(1),
            "home": self.come_home,
            "prove": self.prove,
            "undo": parts.parameters.undo.undo,
            "redo": parts.parameters.undo.redo,
            "copy_command": self.copy_command,
            "copy_share": self.copy_share,
            "show_runs": lambda: self.plan.show_table(not self.plan.table_shown),
            "show_side": lambda: self.plan.show_side(not self.plan.side_shown),
            "tab_controls": lambda: parts.side.show_tab("controls"),
            "tab_notes": lambda: parts.side.show_tab("notes"),
            "tab_code": lambda: parts.side.show_tab("code"),
            "tab_proof": lambda: parts.side.show_tab("proof"),
            "reset_views": parts.grid.reset,
        }

    def _connect(self) -> None:
        parts, conductor = self.parts, self.conductor
        self.stage.told.connect(self.status)
        self.stage.titled.connect(self.title_changed)
        self.stage.ran.connect(self.running_changed)
        self.stage.stood.connect(self._enable)
        for signal, act in (
            (parts.bar.toggled, self.toggle),
            (parts.bar.stepped, self.step),
            (parts.bar.again, self.start),
            (parts.bar.stopped, conductor.stop),
            (parts.bar.speed_chosen, conductor.speed),
            (parts.bar.fork_wanted, self.ask_fork),
            (parts.bar.prove_wanted, self.prove),
            (parts.scrubber.visited, conductor.visit),
            (parts.scrubber.came_home, self.come_home),
            (parts.scrubber.gone_on, self.go_on),
            (parts.scrubber.fork_wanted, self.ask_fork),
            (parts.dock.opened, self.open_run),
            (parts.dock.resumed, self._resume),
            (parts.dock.rewind_wanted, self._rewind),
            (parts.dock.fork_wanted, self._fork),
            (parts.desk.drawn, lambda: parts.dock.model.set_colours(parts.board.colours)),
            (parts.side.seeded, self._take_seed),
            (parts.side.proof.wanted, self.prove),
            (parts.side.proof.cancelled, conductor.cancel_proof),
            (parts.side.proof.told, self._tell_proof),
            (parts.parameters.moved, self._move),
            (parts.parameters.changed, self.stage.show_state),
            (parts.grid.rearranged, self._watch_soon.start),
            (self._watch_soon.timeout, self._watch),
            (self.menu.aboutToShow, lambda: self.plan.fill(self.menu)),
            (conductor.refused, lambda text: notify(text, "info")),
            (conductor.added, lambda _: parts.dock.refresh_soon()),
            (parts.dock.model.modelReset, self._name_runs),
            (conductor.check_started, parts.side.proof.start_check),
            (conductor.check_row, parts.side.proof.take),
            (conductor.proof_ended, parts.side.proof.finish),
        ):
            signal.connect(act)

    def _move(self, name: str, value: Any) -> None:
        run = self.conductor.front
        if run is not None and run.live and run.session is not None:
            run.session.change(name, value)

    def _take_seed(self, seed: int) -> None:
        self.parts.parameters.seed = seed

    def _tell_proof(self, text: str, look: str) -> None:
        self.parts.bar.show_proof(text or "Prove it", "text" if look == "dim" else look)

    def _name_runs(self) -> None:
        """The table knows what each run is called; the legends follow, and the row in front is marked."""
        parts, model = self.parts, self.parts.dock.model
        for row in model.rows:
            if row.folder.name in parts.board.colours:
                parts.board.show(row.folder.name, model.name_of(row))
        if self.conductor.front is not None and not parts.dock.selected():
            parts.dock.select(self.conductor.front.folder)

    def _resume(self, folder: Path) -> None:
        run = self.conductor.open(folder)
        if run is not None and not run.live:
            self.conductor.take_up(run)

    def _rewind(self, folder: Path) -> None:
        run = self.conductor.open(folder)
        if run is not None and run.moments:
            self.conductor.visit(run.moments[0])

    def _fork(self, folder: Path) -> None:
        if self.conductor.open(folder) is not None:
            self.ask_fork()

    def _enable(self) -> None:
        run = self.conductor.front
        live = run is not None and run.live
        phase = run.phase if run is not None else None
        there = run is not None and phase != "starting"
        looking_back = run is not None and run.visiting is not None
        self.deeds.enable(
            step=live and phase in ("running", "paused"),
            stop=live,
            save=live,
            fork=there and self.trains,
            earlier=there and bool(run and run.moments),
            later=looking_back,
            home=looking_back,
            undo=self.parts.parameters.undo.canUndo(),
            redo=self.parts.parameters.undo.canRedo(),
            prove=bool(self.info.checks),
        )

    # Being seen ------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """The worker computes what can be seen, and nothing else."""
        seen = self.isVisible() and not self.window().isMinimized()
        self.conductor.watch(self.parts.grid.visible_views() if seen else ())

    def showEvent(self, event: QShowEvent) -> None:
        """Its views are computed again, its keys count; a lab that only explores starts by itself, once."""
        super().showEvent(event)
        self.deeds.group.setEnabled(True)
        handle = self.window().windowHandle()
        if handle is not None:
            handle.windowStateChanged.connect(self._on_window_state)
        self._host.warm(self.info.id)
        _application().focusChanged.connect(self._give_keys)
        self._watch_soon.start()
        self.stage.show_state()
        if not self._begun:
            self._begun = True
            self.parts.side.setFocus()
            if not self.trains:
                QTimer.singleShot(0, self, self._explore)

    def _explore(self) -> None:
        if self.conductor.front is None:
            self.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the run goes on, its views rest, its keys belong to the page in front."""
        super().hideEvent(event)
        self.deeds.group.setEnabled(False)
        handle = self.window().windowHandle()
        if handle is not None:
            handle.windowStateChanged.disconnect(self._on_window_state)
        _application().focusChanged.disconnect(self._give_keys)
        self._watch_soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low page leaves the table out."""
        super().resizeEvent(event)
        self.plan.fit(self.width(), self.height())

    def _on_window_state(self, _: Qt.WindowState) -> None:
        """The window was minimised, or came back."""
        self._watch_soon.start()

    def _give_keys(self, left: QWidget | None, entered: QWidget | None) -> None:
        """Where the keyboard is counts first: Space presses a button, and S and F fly and frame in a 3-D view."""
        presses = (
            isinstance(entered, QAbstractButton | QComboBox | QAbstractItemView)
            and entered is not self.parts.dock.table
        )
        flies = isinstance(entered, ViewportStage)
        for name, taken in (("toggle", presses), ("step", flies), ("fork", flies)):
            self.deeds.of[name].setShortcut(QKeySequence() if taken else QKeySequence(self.deeds.keys[name]))


def _application() -> QApplication:
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise TypeError("a page needs a QApplication")
    return application


def _exploring_folder(places: Places, info: LabInfo) -> Path:
    """Where a lab that does not train keeps its runs: they are not worth a place among the others, so old ones go."""
    root = places.cache / "exploring"
    if root.is_dir():
        for folder in root.glob(f"*_{info.id}*"):
            if not is_open(folder):
                shutil.rmtree(folder, ignore_errors=True)
    return root
