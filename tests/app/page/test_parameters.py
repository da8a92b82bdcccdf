"""The parameters of a page: what counts as a change of a setting, and what as a click."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.api.params import Field, Pick
from tests.app.page.conftest import FIELDS, fake_lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.topics.page import LabPage

PICKS = (Field("click", "tuple", (), Pick(live=True)), Field("pose", "tuple", (), Pick(live=True, keeps=True)))


def test_a_pose_set_in_a_view_is_undone_and_shared_and_a_click_is_not(open_page: Callable[..., LabPage]) -> None:
    parameters = open_page(replace(fake_lab("waits"), fields=(*FIELDS, *PICKS))).parts.parameters
    moved: list[tuple[str, object]] = []
    parameters.moved.connect(lambda name, value: moved.append((name, value)))
    parameters._grid.poked.emit("click", (3.0, 4.0))
    assert not parameters.undo.canUndo()
    parameters._grid.poked.emit("pose", (0.0, 0.1, 0.2, 0.3))
    assert parameters.experiment().params == {"pose": [0.0, 0.1, 0.2, 0.3]}
    parameters.undo.undo()
    assert parameters.value("pose") == ()
    assert moved == [("click", [3.0, 4.0]), ("pose", [0.0, 0.1, 0.2, 0.3]), ("pose", [])]
    parameters.undo.redo()
    assert parameters.value("pose") == (0.0, 0.1, 0.2, 0.3)
