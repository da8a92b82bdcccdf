"""The pages of the window: the start page, a page for each topic, and one for each lab that was opened."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.benches.table import BENCHES, benches_of, make_page, topic_page
from app.topics.start import StartPage, TopicPage
from engine.api.catalogue import find_lab
from engine.api.errors import UnknownLabError
from engine.api.lab import TOPICS
from engine.api.records import read_record
from engine.api.words import near

if TYPE_CHECKING:
    from app.benches.table import BenchPage
    from app.library import Library
    from app.places import Places
    from app.runs.host import Host
    from app.settings import Settings
    from app.topics.page import LabPage
    from engine.api.share import Experiment

KEPT = 12
"""Labs last opened that are remembered."""


class Pages(QStackedWidget):
    """Opens pages by name, and keeps each as it was left."""

    opened = Signal(str)  # a page
    wanted = Signal(str)  # a card was clicked
    status = Signal(str)  # of the page in front
    titled = Signal(str)
    running = Signal(str, bool)  # a lab has, or has no longer, a live run

    def __init__(self, library: Library, host: Host, places: Places, settings: Settings) -> None:
        super().__init__()
        self._library, self._host, self._settings = library, host, settings
        self._places = replace(places, runs=Path(settings.runs)) if settings.runs else places
        self._pages: dict[str, QWidget] = {}
        self._benches: dict[str, BenchPage] = {}
        self.name = "start"
        self.start = StartPage(library, self._places.runs)
        self._add("start", self.start)
        library.arrived.connect(self.start.fill)

    @property
    def runs(self) -> Path:
        """The folder that new runs are written to."""
        return self._places.runs

    @property
    def bench(self) -> BenchPage | None:
        """The workbench in front, if one is."""
        return self._benches.get(self.name)

    @property
    def working(self) -> LabPage | BenchPage | None:
        """The page in front, if something is done on it."""
        return self.lab or self.bench

    @property
    def lab(self) -> LabPage | None:
        """The lab page in front, if one is."""
        return self._labs().get(self.name)

    def open(self, name: str) -> QWidget:
        """Brings a page to the front, making it if need be. Raises UnknownLabError with near names."""
        page = self._pages.get(name) or self._make(name)
        self.name = name
        if name == "start":
            self.start.fill_runs()
        self.setCurrentWidget(page)
        if "." in name:
            self._settings.recent = [name, *(lab for lab in self._settings.recent if lab != name)][:KEPT]
        self.opened.emit(name)
        return page

    def open_lab(self, name: str) -> LabPage:
        """Brings a lab's page to the front. Raises UnknownLabError."""
        self.open(name)
        if self.lab is None:
            raise UnknownLabError(f"“{name}” is not a lab.")
        return self.lab

    def open_bench(self, name: str) -> BenchPage:
        """Brings a workbench to the front. Raises UnknownLabError if a lab that it needs is not there."""
        self.open(name)
        return self._benches[name]

    def open_run(self, folder: Path) -> None:
        """Opens a past run in its lab. Raises RunFolderError or UnknownLabError."""
        self.open_lab(read_record(folder).lab).open_run(folder)

    def open_experiment(self, experiment: Experiment) -> None:
        """Opens the lab of a share string with its parameters. Raises UnknownLabError or ParameterError."""
        self.open_lab(experiment.lab).open_experiment(experiment)

    def close_sessions(self) -> None:
        """Ends every live run; each is saved and can be resumed."""
        for page in self._labs().values():
            page.close_session()
        for bench in self._benches.values():
            bench.close_session()

    def titles(self) -> dict[str, str]:
        """The titles of the pages that can be opened, by name."""
        topics = {topic_page(topic.id): topic.title for topic in self._library.topics()}
        topics |= {bench.id: bench.title for bench in BENCHES}
        return topics | {info.id: info.title for info in self._library.labs if not info.broken}

    def _labs(self) -> dict[str, LabPage]:
        return {name: page for name, page in self._pages.items() if "." in name}  # type: ignore[misc]  # by the names

    def _make(self, name: str) -> QWidget:
        if "." in name:
            return self._make_lab(name)
        if name in {bench.id for bench in benches_of(self._library)}:
            return self._make_bench(name)
        for topic in TOPICS:
            if topic_page(topic.id) == name and self._library.labs_of(topic.id):
                return self._add(name, TopicPage(self._library, topic))
        raise UnknownLabError(f"There is no page “{name}”{near(name, self._library.pages())}")

    def _make_lab(self, name: str) -> QWidget:
        info = find_lab(self._library.labs, name)
        from app.topics.page import LabPage

        page = LabPage(info, self._host, self._places, self._settings)
        page.title_changed.connect(partial(self._tell_title, page))
        page.status.connect(partial(self._tell_status, page))
        page.running_changed.connect(partial(self.running.emit, name))
        return self._add(name, page)

    def _make_bench(self, name: str) -> QWidget:
        page = make_page(name, self._library, self._host, self._places, self._settings)
        widget = cast("QWidget", page)
        page.title_changed.connect(partial(self._tell_title, widget))
        page.status.connect(partial(self._tell_status, widget))
        page.running_changed.connect(partial(self.running.emit, name))
        self._benches[name] = page
        return self._add(name, widget)

    def _add(self, name: str, page: QWidget) -> QWidget:
        if isinstance(page, StartPage | TopicPage):
            page.opened.connect(self.wanted)
        self._pages[name] = page
        self.addWidget(page)
        return page

    def _tell_title(self, page: QWidget, title: str) -> None:
        if page is self.currentWidget():
            self.titled.emit(title)

    def _tell_status(self, page: QWidget, text: str) -> None:
        if page is self.currentWidget():
            self.status.emit(text)
