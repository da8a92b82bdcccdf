"""The start page shows what works, and each card opens what it shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QPushButton, QWidget

from app.library import Library
from app.topics import thumbnails
from app.topics.cards import Card, DropCard, FeatureCard, PictureCard, RunCard
from app.topics.even_grid import EvenGrid
from app.topics.start import StartPage, TopicPage
from engine.api.lab import TOPICS
from engine.api.records import RunRecord, write_record
from tests.app.samples import keep_labs

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.theme import Theme


def keep_run(root: Path, lab: str, number: int, state: str = "finished", elbo: float | None = None) -> Path:
    folder = root / f"2026-02-{number:02d}_12-00-00_{lab}"
    folder.mkdir(parents=True)
    record = RunRecord(lab, {}, step=1000 * number, state=state, created=time.time() - 3600 * number)
    record.last = {} if elbo is None else {"loss/ELBO": elbo}
    write_record(folder, record)
    return folder


@pytest.fixture
def library(places: Places, look: Theme) -> Library:
    keep_labs(places.cache)
    made = Library(places.cache)
    made.read()
    return made


@pytest.fixture
def page(library: Library, places: Places, qtbot: QtBot) -> StartPage:
    keep_run(places.runs, "autoencoders.vae", 1, elbo=23.456)
    keep_run(places.runs, "neurons.perceptron", 2, "failed")
    keep_run(places.runs, "long.gone", 3)
    keep_run(places.runs, "neurons.broken", 4)
    (places.runs / "2026-03-01_damaged").mkdir()
    (places.runs / "2026-03-01_damaged" / "run.json").write_text("{", "utf-8")
    made = StartPage(library, places.runs)
    qtbot.addWidget(made)
    made.resize(1440, 850)
    made.show()
    qtbot.waitExposed(made)
    return made


def cards(page: QWidget, kind: type[Card]) -> list[str]:
    return [card.title for card in page.findChildren(kind) if card.isVisible()]


def card(page: QWidget, title: str, kind: type[Card] = Card) -> Card:
    return next(found for found in page.findChildren(kind) if found.title == title)


def test_topics_with_a_lab_stand_in_the_order_of_the_course(page: StartPage) -> None:
    assert cards(page, PictureCard) == ["Neurons", "Convolution", "Autoencoders", "Diffusion", "Surfaces"]
    assert card(page, "Neurons", PictureCard).note == "3 labs"


def test_the_large_cards_are_labs_that_take_own_data(page: StartPage) -> None:
    assert cards(page, FeatureCard) == ["Variational autoencoder", "Denoising diffusion", "Signed distance field"]
    assert cards(page, DropCard) == ["Drop anything"]


def test_runs_that_can_be_opened_are_there_newest_first(page: StartPage, places: Places, qtbot: QtBot) -> None:
    assert cards(page, RunCard) == ["Perceptron", "Variational autoencoder"]
    run = card(page, "Variational autoencoder", RunCard)
    assert run.note == "1,000 steps · ELBO 23.5, 1 h ago"
    with qtbot.waitSignal(page.run_opened) as opened:
        qtbot.mouseClick(run, Qt.MouseButton.LeftButton)
    assert opened.args == [places.runs / "2026-02-01_12-00-00_autoencoders.vae"]


def test_a_new_run_appears_when_one_comes_back(page: StartPage, places: Places, qtbot: QtBot) -> None:
    keep_run(places.runs, "diffusion.ddpm", 9)
    page.fill_runs()
    qtbot.waitUntil(lambda: cards(page, RunCard) == ["Denoising diffusion", "Perceptron", "Variational autoencoder"])


def test_without_runs_nothing_is_said_of_them(library: Library, places: Places, qtbot: QtBot) -> None:
    made = StartPage(library, places.runs)
    qtbot.addWidget(made)
    made.show()
    assert not cards(made, RunCard)
    assert not made._recent_section.isVisible()


def test_cards_open_by_click_and_by_key(page: StartPage, qtbot: QtBot) -> None:
    opened: list[str] = []
    page.opened.connect(opened.append)
    qtbot.mouseClick(card(page, "Neurons", PictureCard), Qt.MouseButton.LeftButton)
    qtbot.keyClick(card(page, "Denoising diffusion", FeatureCard), Qt.Key.Key_Return)
    qtbot.keyClick(card(page, "Surfaces", PictureCard), Qt.Key.Key_Space)
    assert opened == ["neurons", "diffusion.ddpm", "surfaces"]
    with qtbot.waitSignal(page.drop_wanted):
        qtbot.mouseClick(card(page, "Drop anything"), Qt.MouseButton.LeftButton)


def test_cards_are_reached_by_tab_in_the_order_in_which_one_reads(page: StartPage, qtbot: QtBot) -> None:
    first = card(page, "Variational autoencoder", FeatureCard)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    names: list[str] = []
    widget: QWidget | None = first
    while widget is not None and len(names) < 5:
        if isinstance(widget, Card):
            names.append(widget.title)
        widget = widget.nextInFocusChain()
    assert names == [*cards(page, FeatureCard), "Drop anything", "Perceptron"]


@pytest.mark.parametrize("width", [860, 1024, 1440, 2200])
def test_no_card_is_cut_or_covered_at_any_width(page: StartPage, qtbot: QtBot, width: int) -> None:
    page.resize(width, 900)
    qtbot.wait(10)
    body = page.widget()
    assert body is not None
    boxes = [
        QRect(found.mapTo(body, found.rect().topLeft()), found.size())
        for found in page.findChildren(Card)
        if found.isVisible()
    ]
    assert all(box.left() >= 0 and box.right() < page.viewport().width() for box in boxes)
    assert all(box.width() >= 170 and box.height() >= 60 for box in boxes)
    assert not any(one.intersects(two) for place, one in enumerate(boxes) for two in boxes[:place])


def test_a_page_that_fits_has_no_scroll_bar(page: StartPage, qtbot: QtBot) -> None:
    page.resize(1440, 900)
    qtbot.wait(10)
    assert page.verticalScrollBar().maximum() == 0


def test_the_topic_page_has_a_card_for_each_lab_and_a_grey_one_for_a_broken_one(library: Library, qtbot: QtBot) -> None:
    made = TopicPage(library, TOPICS[0])
    qtbot.addWidget(made)
    made.show()
    opened: list[str] = []
    made.opened.connect(opened.append)
    assert cards(made, PictureCard) == ["Perceptron", "Network playground", "Broken one"]
    broken = card(made, "Broken one")
    assert not broken.isEnabled()
    assert "no module named x" in broken.toolTip()
    qtbot.mouseClick(broken, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card(made, "Perceptron"), Qt.MouseButton.LeftButton)
    assert opened == ["neurons.perceptron"]


def test_a_lab_without_a_picture_shows_the_icon_of_its_topic(
    library: Library, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "FOLDER", tmp_path)
    red = QPixmap(480, 300)
    red.fill("#c02040")
    assert red.save(str(tmp_path / "neurons.perceptron.png"))
    made = TopicPage(library, TOPICS[0])
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    with_picture, without = (card(made, title).grab().toImage() for title in ("Perceptron", "Network playground"))
    assert with_picture.pixelColor(60, 40).name() == "#c02040"
    assert without.pixelColor(60, 40).name() != "#c02040"
    assert len({without.pixel(x, y) for x in range(80, 200) for y in range(20, 130, 3)}) > 8, "an icon is drawn"


def test_a_card_lights_up_under_the_pointer(page: StartPage, look: Theme) -> None:
    shown = card(page, "Neurons", PictureCard)
    calm = shown.grab().toImage()
    shown.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    assert shown.grab().toImage() != calm
    assert border(shown.grab().toImage()) == look.colours.accent


def test_cards_take_the_colours_of_the_theme(page: StartPage, look: Theme) -> None:
    shown = card(page, "Neurons", PictureCard)
    dark = shown.grab().toImage()
    look.set_mode("light")
    assert shown.grab().toImage() != dark


def border(picture: QImage) -> str:
    return picture.pixelColor(0, picture.height() // 2).name()


def test_an_even_grid_shares_the_width_and_asks_for_the_height_it_needs(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    grid = EvenGrid(least=100, ratio=0.5, extra=10, most=4, gap=10)
    holder.setLayout(grid)
    for _ in range(6):
        button = QPushButton()
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Expanding)
        grid.addWidget(button)
    assert grid.heightForWidth(100) == 6 * 60 + 5 * 10
    assert grid.heightForWidth(430) == 2 * 60 + 10
    grid.setGeometry(QRect(0, 0, 430, 130))
    places = [button.geometry() for button in grid.widgets()]
    assert places[0] == QRect(0, 0, 100, 60)
    assert places[3] == QRect(330, 0, 100, 60)
    assert places[4] == QRect(0, 70, 100, 60)
    assert grid.itemAt(6) is None
    assert grid.takeAt(0) is not None
    assert grid.count() == 5
    grid.clear()
    assert grid.count() == 0
    assert grid.heightForWidth(430) == 0
