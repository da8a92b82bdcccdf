"""The main window: bars, navigator and pages, and everything that can be done from anywhere in it."""

from __future__ import annotations

import base64
import importlib
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QMenu, QVBoxLayout, QWidget

from app.actions import TOPIC_KEYS, Actions, fill_run_menu
from app.bars import FOOT, DropVeil, StatusBar, TopBar
from app.benches.table import topic_page
from app.entries import find_entries
from app.incoming import Incoming
from app.library import Library
from app.notify import notifier, notify
from app.pages import Pages
from app.palette import Palette
from app.runs.host import Host
from app.settings import load_settings
from app.theme import theme
from app.toasts import Toasts
from app.topics.navigator import Navigator
from app.topics.recent import recent_runs
from engine.api.errors import StudioError
from engine.api.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent, QShowEvent

    from app.colours import Mode
    from app.palette import Entry
    from app.places import Places
    from app.settings import Settings
    from engine.api.messages import Ready

SMALLEST = (860, 560)
USUAL = (1440, 900)
NARROW_BELOW = 1180
_PRESTART_MS = 400
_ZOOM_STEP = 10


class MainWindow(QMainWindow):
    """The window. `files` are taken as if dropped; `page` is opened first, else the one that was left."""

    def __init__(
        self, places: Places, files: tuple[str, ...] = (), page: str = "", settings: Settings | None = None
    ) -> None:
        super().__init__()
        self.places = places
        self.settings = settings or load_settings(places.config)
        self._files, self._wanted = files, page or self.settings.layout.get("page", "start")
        self._asked, self._begun = bool(page), False
        self.host = Host(self.settings.torch_threads(), self)
        self.library = Library(places.cache, self)
        self.pages = Pages(self.library, self.host, places, self.settings)
        self.incoming = Incoming(self.pages, self.library, self)
        self.navigator = Navigator(self.library)
        self.top, self.foot = TopBar(), StatusBar()
        self.toasts = Toasts(self, FOOT)
        self.palette_sheet = Palette(self)
        self._veil = DropVeil(self)
        self.actions_ = Actions(self, self._handlers())
        self._lay_out()
        self._connect()
        self._restore()

    # How it is made ----------------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Callable[[], object]]:
        return {
            "choose_files": self.incoming.choose_files,
            "choose_folder": self.incoming.choose_folder,
            "ask_share_string": self.incoming.paste_share_string,
            "open_settings": self.open_settings,
            "close": self.close,
            "open_start": partial(self.open_page, "start"),
            "toggle_navigator": self.toggle_navigator,
            "toggle_full_screen": self.toggle_full_screen,
            "theme_dark": partial(self.set_theme, "dark"),
            "theme_light": partial(self.set_theme, "light"),
            "theme_system": partial(self.set_theme, "system"),
            "zoom_in": partial(self.zoom, _ZOOM_STEP),
            "zoom_out": partial(self.zoom, -_ZOOM_STEP),
            "zoom_reset": partial(self.zoom, 0),
            "open_palette": self.open_palette,
            "show_shortcuts": self.show_shortcuts,
            "show_doctor": self.show_doctor,
            "show_about": self.show_about,
        }

    def _lay_out(self) -> None:
        self.setWindowTitle("Perception Studio")
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self.menus = self.actions_.fill(self.top.menus)
        self._recent_menu = QMenu("Recent runs", self)
        self.menus["File"].insertMenu(self.actions_.of["open_settings"], self._recent_menu)
        self.addActions(list(self.actions_.of.values()))
        seam = QFrame()
        seam.setProperty("role", "seam")
        self._side = QWidget()
        side = QHBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(self.navigator)
        side.addWidget(seam)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._side)
        middle.addWidget(self.pages, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(middle, 1)
        column.addWidget(self.foot)
        self.setCentralWidget(body)

    def _connect(self) -> None:
        self.top.finder.clicked.connect(self.open_palette)
        self.top.device.clicked.connect(self.open_settings)
        self.foot.copy_wanted.connect(self.copy_command)
        self.navigator.opened.connect(self.open_page)
        self.navigator.fold_wanted.connect(self.toggle_navigator)
        self.pages.opened.connect(self._arrive)
        self.pages.wanted.connect(self.open_page)
        self.pages.status.connect(self.foot.tell)
        self.pages.titled.connect(self._title)
        self.pages.running.connect(self.navigator.set_running)
        self.pages.start.run_opened.connect(self.incoming.open_run)
        self.pages.start.drop_wanted.connect(self.incoming.choose_files)
        self.library.arrived.connect(self.navigator.fill)
        self.library.arrived.connect(self._add_topic_keys)
        self.library.arrived.connect(self._open_wanted)
        self.library.failed.connect(self._tell_no_library)
        self.host.ready.connect(self._tell_device)
        self.menus["Run"].aboutToShow.connect(self._fill_run_menu)
        self._recent_menu.aboutToShow.connect(self._fill_recent_menu)
        notifier().show_with(self.toasts.show)

    def _restore(self) -> None:
        layout = self.settings.layout
        room = self.screen().availableSize()
        self.resize(min(USUAL[0], room.width()), min(USUAL[1], room.height()))
        if "window" in layout:
            self.restoreGeometry(QByteArray(base64.b64decode(layout["window"], validate=False)))
        self._apply_habits()
        self.actions_.of[f"theme_{self.settings.theme}"].setChecked(True)
        self._tell_problem()
        self.library.read()
        self._arrive("start")

    # How it lives ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """The first time: the page that was wanted, and a worker made ready once the window has painted."""
        super().showEvent(event)
        if not self._begun:
            self._begun = True
            QTimer.singleShot(0, self, self._open_wanted)
            QTimer.singleShot(_PRESTART_MS, self, self.host.prestart)
            QTimer.singleShot(2 * _PRESTART_MS, self, _read_ahead)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A small window shows the navigator as icons, unless the person chose otherwise."""
        super().resizeEvent(event)
        self._fit_navigator()

    def _fit_navigator(self) -> None:
        choice = self.settings.layout.get("navigator", "")
        crowded = self.width() < NARROW_BELOW or self.pages.bench is not None
        narrow = choice == "narrow" or (not choice and crowded)
        if narrow != self.navigator.is_narrow:
            self.navigator.set_narrow(narrow)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remembers how it was left, and lets every live run save itself; each can be resumed."""
        geometry = bytes(self.saveGeometry().data())
        self.settings.layout |= {"window": base64.b64encode(geometry).decode("ascii"), "page": self.pages.name}
        self.settings.save()
        self.hide()
        self.library.close()
        self.pages.close_sessions()
        self.host.close()
        notifier().show_with(None)
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files, or the text of an experiment, are welcome."""
        if event.mimeData().hasUrls() or event.mimeData().text().startswith("ps1:"):
            event.acceptProposedAction()
            self._veil.lift(self.incoming.promise())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They went away again."""
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Uses what was dropped."""
        self._veil.hide()
        event.acceptProposedAction()
        urls = event.mimeData().urls()
        if not urls:
            self.incoming.take_text(event.mimeData().text())
            return
        paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
        if self._wanted:  # nothing is open yet: what was dropped goes before the page of last time
            self._files = (*self._files, *paths)
            self._wanted = self._wanted if self._asked else "start"
        else:
            self.incoming.take([Path(path) for path in paths])

    # What can be done from anywhere ------------------------------------------------------------------------------

    def open_page(self, page: str) -> None:
        """Opens a page, once the labs are known; one that does not exist is answered with a toast."""
        if not self.library.known:
            self._wanted, self._asked = page, True
            return
        try:
            self.pages.open(page)
        except StudioError as error:
            notify(str(error))

    def open_palette(self) -> None:
        """Finds anything."""
        self.palette_sheet.open(self.entries())

    def entries(self) -> list[Entry]:
        """Everything that the palette finds."""
        commands = list(self.actions_.of.values())
        return find_entries(self.library, self.pages, commands, self.open_page, self.incoming.open_run)

    def copy_command(self) -> None:
        """Copies the command that repeats what the open lab does."""
        if self.pages.working is not None:
            QGuiApplication.clipboard().setText(self.pages.working.command())
            notify("The command is in the clipboard.", "good")

    def toggle_navigator(self) -> None:
        """Icons only, or everything; remembered."""
        narrow = not self.navigator.is_narrow
        self.navigator.set_narrow(narrow)
        self.settings.layout["navigator"] = "narrow" if narrow else "wide"

    def toggle_full_screen(self) -> None:
        """All of the screen, or a window again."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def set_theme(self, mode: Mode) -> None:
        """Dark, light, or as the desktop; remembered."""
        self.settings.theme = mode
        self.actions_.of[f"theme_{mode}"].setChecked(True)
        theme().set_mode(mode)
        self._save()

    def zoom(self, percent: int) -> None:
        """Makes everything larger or smaller from the next start; 0 is the usual size."""
        scale = max(75, min(200, self.settings.scale + percent)) if percent else 100
        if scale != self.settings.scale:
            self.settings.scale = scale
            self._save()
            notify(
                f"Everything is drawn at {scale} % from the next start.", "info", action="Restart now", act=self.restart
            )

    def restart(self) -> None:
        """Closes the window and opens it anew."""
        from PySide6.QtCore import QProcess

        self.close()
        QProcess.startDetached(sys.executable, sys.argv)

    def open_settings(self) -> None:
        """Shows the settings."""
        from app.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self.settings, self.pages.runs, self)
        dialog.applied.connect(self._apply_setting)
        dialog.open()

    def show_shortcuts(self) -> None:
        """Shows every key."""
        from app.dialogs import ShortcutsDialog

        page = self.pages.working
        groups = {"Lab": page.actions() if page is not None else [], "Window": list(self.actions_.of.values())}
        ShortcutsDialog(groups, self).open()

    def show_doctor(self) -> None:
        """Examines the machine."""
        from app.dialogs import DoctorDialog

        DoctorDialog(self).open()

    def show_about(self) -> None:
        """What this is."""
        from app.dialogs import AboutDialog

        AboutDialog(self).open()

    # What follows ------------------------------------------------------------------------------------------------

    def _open_wanted(self) -> None:
        if not self._begun or not self.library.known or not self._wanted:
            return
        page, self._wanted = self._wanted, ""
        if page in self.library.pages() or self._asked:
            self.open_page(page)
        if self._files:
            self.incoming.take([Path(name) for name in self._files])

    def _arrive(self, page: str) -> None:
        lab = self.pages.working
        self._side.setVisible(page != "start")
        self.navigator.show_page(page)
        self._fit_navigator()
        self.foot.copy.setVisible(lab is not None)
        self._title(self.pages.titles().get(page, ""))
        if lab is None:
            self.foot.tell(self._summary())
        self.pages.setFocus()

    def _summary(self) -> str:
        runs = recent_runs(self.pages.runs, self.library, 1)
        return "".join(f"Last run: {run.title}, {plural(run.record.step, 'step')}, {run.when}" for run in runs)

    def _title(self, title: str) -> None:
        self.setWindowTitle(f"{title} — Perception Studio" if title else "Perception Studio")

    def _tell_device(self, about: Ready) -> None:
        self.top.device.setText(about.device)

    def _tell_problem(self) -> None:
        if self.settings.problem:
            notify(self.settings.problem, "info")
            self.settings.problem = ""

    def _tell_no_library(self, sentence: str, details: str) -> None:
        notify(sentence, details=details)
        self.pages.start.tell_trouble("There are no labs to show.")

    def _save(self) -> None:
        self.settings.save()
        self._tell_problem()

    def _apply_setting(self, name: str) -> None:
        if name == "theme":
            self.set_theme(self.settings.theme)
        self._apply_habits()
        self._save()

    def _apply_habits(self) -> None:
        theme().reduce_motion = self.settings.reduce_motion
        self.host.moments.keep, self.host.moments.every = self.settings.snapshots_kept, self.settings.snapshot_seconds

    def _fill_run_menu(self) -> None:
        page = self.pages.working
        fill_run_menu(self.menus["Run"], page.actions() if page is not None else ())

    def _fill_recent_menu(self) -> None:
        self._recent_menu.clear()
        for run in recent_runs(self.pages.runs, self.library, 10):
            self._recent_menu.addAction(
                f"{run.title}, {run.note}, {run.when}", partial(self.incoming.open_run, run.folder)
            )
        if self._recent_menu.isEmpty():
            self._recent_menu.addAction("No runs yet").setEnabled(False)

    def _add_topic_keys(self) -> None:
        for keys, topic in zip(TOPIC_KEYS, self.library.topics(), strict=False):
            action = QAction(topic.title, self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(partial(self.open_page, topic_page(topic.id)))
            self.addAction(action)


def _read_ahead() -> None:
    """Loads the code of a lab's page behind the person's back, so that the first lab opens at once."""
    threading.Thread(target=importlib.import_module, args=("app.topics.page",), name="read-ahead", daemon=True).start()
