"""The pictures on the cards are of the right size, of labs that exist, and filled by what they show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.benches.table import find_bench
from app.portrait import CARD, portray
from app.topics.thumbnails import FOLDER
from engine.api.frames import Heat, Images, Picture, Plot

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.theme import Theme

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.png")), ids=lambda path: path.stem)
def test_a_shipped_picture_is_of_a_lab_or_a_workbench_and_of_the_right_size(path: Path) -> None:
    topic, dot, lab = path.stem.partition(".")
    assert (ROOT / "engine" / "labs" / topic / f"{lab}.py").is_file() if dot else find_bench(path.stem) is not None
    picture = QImage(str(path))
    assert (picture.width(), picture.height()) == CARD


@pytest.mark.parametrize(
    "frame",
    [
        Images("samples", np.full((64, 8, 8), 255, np.uint8), labels=("a",) * 64),
        Images("film", np.full((25, 20, 30, 3), 255, np.uint8)),
        Picture("input", np.full((40, 40), 255, np.uint8)),
        Plot("plane", (Heat(np.full((9, 9), 255.0), (-1, 1, -1, 1), "grey", (0.0, 255.0), legend="p"),), equal=True),
    ],
    ids=lambda frame: frame.name,
)
def test_a_frame_that_can_fill_its_card_does(frame: object, qtbot: QtBot, look: Theme) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 700)
    window.show()
    card = portray([frame], window, lambda: qtbot.wait(80)).toImage()
    assert (card.width(), card.height()) == CARD
    bright = [card.pixelColor(x, y).lightness() > 200 for x in range(0, 480, 8) for y in range(0, 300, 8)]
    assert sum(bright) / len(bright) > 0.6
