"""What the page is made of, one piece at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from app.runs.shelf import Shelf, is_open
from app.topics.proof import relation_words
from app.topics.run_words import change_words, differs_in, main_scalars, run_name, scalar_headings, value_words
from app.topics.runs_model import RunsModel
from app.topics.standing import rate_words
from app.topics.view_grid import arrange
from engine.api.frames import View
from engine.api.messages import CheckRow
from engine.api.params import to_json
from engine.api.records import RunRecord, write_record
from tests.app.page.conftest import FIELDS, fake_lab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

LAB = fake_lab("waits")
USUAL = {entry.name: to_json(entry.default) for entry in FIELDS}


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("", []),
        ("a", ["a"]),
        ("ab", ["ab"]),
        ("abc", ["ab", "c"]),
        ("abcd", ["ab", "cd"]),
        ("abcde", ["abc", "de"]),
        ("abcdef", ["abc", "def"]),
        ("Abc", ["A", "bc"]),
        ("aBc", ["a", "B", "c"]),
    ],
)
def test_views_are_arranged_by_their_number(names: str, rows: list[str]) -> None:
    places = [View(name, wide=name.isupper()) for name in names]
    assert arrange(places) == [list(row) for row in rows]


def record(**changed: object) -> RunRecord:
    made = RunRecord("waits", USUAL | changed, created=time.time())
    return made


def test_runs_are_called_by_data_forks_and_changes() -> None:
    assert run_name(LAB, record()) == "digits"
    assert run_name(LAB, record(data="/home/me/my photos")) == "my photos"
    forked = record()
    forked.parent = ("before", 1240)
    forked.changes = [(1300, "lr", 0.1, 0.01)]
    assert run_name(LAB, forked) == "fork at 1,240, digits, Learning rate 0.100 → 0.0100 at 1,300"
    forked.title = "mine"
    assert run_name(LAB, forked) == "mine"


def test_differences_are_told_once() -> None:
    made = record(hidden=32, lr=0.5, press=4)
    made.changes = [(5, "lr", 0.1, 0.5), (9, "lr", 0.5, 0.4)]
    assert differs_in(LAB, made) == "Learning rate live, Hidden units 32"
    assert differs_in(LAB, record()) == ""


def test_values_and_changes_in_words() -> None:
    fields = {entry.name: entry for entry in FIELDS}
    assert value_words(fields["z"], [0.5, -1.0]) == "0.500, −1"
    assert change_words(LAB, "kind", "one", "two") == "Kind one → two"
    assert change_words(LAB, "gone", 1, 2) == "gone"


def test_main_curves_are_those_of_the_first_view() -> None:
    names = ["extra/b", "grid/x", "loss/kl", "loss/nll"]
    assert main_scalars(LAB, names, 3) == ["loss/kl", "loss/nll", "grid/x"]
    assert scalar_headings(["loss/test", "accuracy/test", "loss/kl"]) == ["loss test", "accuracy test", "loss kl"]
    assert scalar_headings(["loss/kl", "loss/nll"]) == ["kl", "nll"]


def test_speed_and_relations_in_words() -> None:
    assert rate_words(47.3) == "47 it/s"
    assert rate_words(0.1) == "10 s/it"
    assert rate_words(0.0) == ""
    row = CheckRow("lab", "title", 0.75, 0.7, 0.01, True, 1.0, relation="at most")
    assert relation_words(row) == "≤ 0.750 ± 0.01"


def test_the_shelf_reads_again_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, lab in (("one", "waits"), ("two", "other")):
        (tmp_path / name).mkdir()
        write_record(tmp_path / name, RunRecord(lab, {}, created=1.0))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    (tmp_path / "loose file").write_text("")
    shelf = Shelf(tmp_path, "waits")
    assert [run.folder.name for run in shelf.read()] == ["one"]
    reads = []
    monkeypatch.setattr("app.runs.shelf.read_record", lambda folder: reads.append(folder.name))
    shelf.read()
    assert reads == []
    assert Shelf(tmp_path / "absent", "waits").read() == []
    assert not is_open(tmp_path / "one")
    (tmp_path / "one" / "lock").write_text('{"pid": "x"}')
    assert not is_open(tmp_path / "one")


def test_a_run_whose_process_is_gone_is_interrupted(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "one").mkdir()
    made = record()
    made.last = {"loss/kl": 6.914}
    made.step = 1240
    write_record(tmp_path / "one", made)
    model = RunsModel(LAB, tmp_path)
    model.refresh({})
    cells = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert cells == ["", "digits", "", "1,240", "6.91", "now", "interrupted"]
    assert not model.setData(model.index(0, 1), "digits")
    assert not model.setData(model.index(0, 2), "x")
