"""The first page: labs that take one's own data, runs to go on with, and every topic that has a lab."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.benches.table import benches_of, topic_page
from app.topics.cards import TEXT, Card, DropCard, FeatureCard, PictureCard, RunCard
from app.topics.even_grid import EvenGrid
from app.topics.recent import PastRun, recent_runs
from app.topics.thumbnails import Thumbnail, portrayed, thumbnail_path
from engine.api.lab import TOPICS
from engine.api.params import Dataset, File
from engine.api.words import plural

if TYPE_CHECKING:
    from pathlib import Path

    from app.benches.table import Bench
    from app.library import Library
    from engine.api.lab import LabInfo, Topic

FEATURED = 3
RUNS = 4
_GLYPHS = {topic.id: topic.icon for topic in TOPICS}


class CardPage(QScrollArea):
    """A page of cards under headings."""

    opened = Signal(str)  # a page

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.library = library
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self.column = QVBoxLayout(body)
        self.column.setContentsMargins(40, 28, 40, 32)
        self.column.setSpacing(12)
        self.column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(body)

    def section(self, title: str, grid: EvenGrid) -> QWidget:
        """A heading and a grid below it, as one widget that can hide; an empty title is no heading."""
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(12)
        if title:
            label = QLabel(title)
            label.setProperty("role", "section")
            column.addWidget(label)
        column.addLayout(grid)
        self.column.addWidget(widget)
        return widget

    def lab_card(self, info: LabInfo) -> Card:
        """A card that opens a lab; a lab that does not load is grey and says why."""
        note = "Does not load" if info.broken else info.summary or info.source
        card = PictureCard(info.title, note, Thumbnail(info.id, _GLYPHS.get(info.topic, "cards")))
        card.setToolTip(f"This lab does not load: {info.broken}" if info.broken else info.source)
        card.setEnabled(not info.broken)
        card.clicked.connect(partial(self.opened.emit, info.id))
        return card


class StartPage(CardPage):
    """What one sees first."""

    run_opened = Signal(object)  # the folder of a past run
    drop_wanted = Signal()

    def __init__(self, library: Library, runs: Path, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self._runs = runs
        self._features = EvenGrid(least=176, ratio=0.6, extra=56)
        self.section("", self._features)
        self._recent = EvenGrid(least=230, ratio=0.0, extra=64, most=RUNS)
        self._recent_section = self.section("CONTINUE WHERE YOU LEFT OFF", self._recent)
        self._topics = EvenGrid(least=198, ratio=0.56, extra=TEXT, most=6)
        self.section("TOPICS", self._topics)
        self.trouble = QLabel()
        self.trouble.setProperty("role", "dim")
        self.trouble.hide()
        self.column.addWidget(self.trouble)
        self.fill()

    def fill(self) -> None:
        """Shows what the library knows and what runs there are."""
        self._features.clear()
        benches = [self._bench(bench) for bench in benches_of(self.library)] if self.library.known else []
        labs = [self._feature(info) for info in featured(self.library)[len(benches) :]]
        for card in [*benches, *labs] or _blank_cards(self.library):
            self._features.addWidget(card)
        drop = DropCard("Drop anything", "pictures · a folder of photos · a mesh · a run")
        drop.setToolTip("Drop files anywhere on the window, or click to choose some")
        drop.clicked.connect(self.drop_wanted)
        self._features.addWidget(drop)
        self._topics.clear()
        for topic in self.library.topics():
            self._topics.addWidget(self._topic(topic))
        self.trouble.setVisible(self.library.known and not self.library.labs)
        self.fill_runs()

    def tell_trouble(self, text: str) -> None:
        """Says why there is nothing to open."""
        self._topics.clear()
        self.trouble.setText(text)
        self.trouble.show()

    def fill_runs(self) -> None:
        """Shows the newest runs, which may have changed since."""
        past = recent_runs(self._runs, self.library, RUNS)
        self._recent.clear()
        for run in past:
            self._recent.addWidget(self._run(run))
        self._recent_section.setVisible(bool(past))
        self._order_tabs()

    def _order_tabs(self) -> None:
        """The Tab key goes from card to card as one reads, whenever they were made."""
        grids = (self._features, self._recent, self._topics)
        for one, other in pairwise(widget for grid in grids for widget in grid.widgets()):
            QWidget.setTabOrder(one, other)

    def _bench(self, bench: Bench) -> Card:
        card = FeatureCard(bench.title, bench.summary, Thumbnail(bench.id, bench.icon))
        card.setToolTip(bench.summary)
        card.clicked.connect(partial(self.opened.emit, bench.id))
        return card

    def _feature(self, info: LabInfo) -> Card:
        card = FeatureCard(
            info.title, info.summary or info.source, Thumbnail(info.id, _GLYPHS.get(info.topic, "cards"))
        )
        card.setToolTip(info.source)
        card.clicked.connect(partial(self.opened.emit, info.id))
        return card

    def _topic(self, topic: Topic) -> Card:
        labs = self.library.labs_of(topic.id)
        names = [info.id for info in labs] or portrayed(topic.id)
        pictures = [Thumbnail(name, topic.icon) for name in names]
        picture = next((found for found in pictures if found.is_real), Thumbnail(topic.id, topic.icon))
        card = PictureCard(topic.title, plural(len(labs), "lab") if self.library.known else "reading …", picture)
        card.setToolTip(topic.summary)
        card.clicked.connect(partial(self.opened.emit, topic_page(topic.id)))
        return card

    def _run(self, run: PastRun) -> Card:
        card = RunCard(run.title, run.note, run.when, run.colour)
        card.setToolTip(f"{run.record.lab}, {run.record.state}\n{run.folder}")
        card.clicked.connect(partial(self.run_opened.emit, run.folder))
        return card


class TopicPage(CardPage):
    """A topic: what it is about, and a card for each of its labs."""

    def __init__(self, library: Library, topic: Topic, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self.topic = topic
        title = QLabel(topic.title)
        title.setProperty("role", "hero")
        summary = QLabel(topic.summary)
        summary.setProperty("role", "dim")
        self.column.addWidget(title)
        self.column.addWidget(summary)
        self.column.addSpacing(8)
        grid = EvenGrid(least=270, ratio=0.55, extra=TEXT, most=4)
        for info in library.labs_of(topic.id):
            grid.addWidget(self.lab_card(info))
        self.section("", grid)


def _blank_cards(library: Library) -> list[Card]:
    """What keeps the place of the large cards until the labs are read."""
    blank = [FeatureCard("", "", Thumbnail("", "hourglass-medium")) for _ in range(0 if library.known else FEATURED)]
    for card in blank:
        card.setEnabled(False)
    return list(blank)


def featured(library: Library) -> list[LabInfo]:
    """The labs for the large cards: those with a picture that take a person's own data, the latest of the course."""
    working = [info for info in library.labs if not info.broken]
    own = [info for info in working if any(takes_own_data(field.control) for field in info.fields)]
    shown = [info for info in own if thumbnail_path(info.id).is_file()]
    plain = [info for info in own or working if info not in shown]
    return [*plain[: max(0, FEATURED - len(shown))], *shown][-FEATURED:]


def takes_own_data(control: object) -> bool:
    """Whether a parameter takes the person's own pictures or a file of theirs."""
    return isinstance(control, File) or (isinstance(control, Dataset) and bool(control.takes))
