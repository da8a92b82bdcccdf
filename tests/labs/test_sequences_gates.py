"""The lab on gates beyond what all labs must do: every task, own text, stacked layers, bugs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.data.sequence_tasks import sequence_task
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"length": 8, "hidden": 6, "batch": 4}


def ran(steps: int = 1, **values: Any) -> MemorySink:
    """The lab, small, after so many steps."""
    lab, sink = load("sequences.gates"), MemorySink(draws=True)
    params = make_params(lab, SMALL | {"steps": steps} | values)
    run_lab(Setting(lab, params, torch.device("cpu"), sink, Steering()))
    return sink


def test_copying_asks_for_what_was_said() -> None:
    batch = sequence_task("copying", 7).draw(3, torch.Generator().manual_seed(0))
    assert batch.x.shape == (17, 3, 10)
    torch.testing.assert_close(batch.target[-5:], batch.x[:5].argmax(-1))
    assert batch.due == 12


def test_copying_is_drawn_row_by_row() -> None:
    assert "LSTM" in ran(data="copying").frames["answers"].note


def test_letters_of_your_own_text_are_foretold(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("the rain in spain. " * 20, "utf-8")
    sink = ran(data=str(tmp_path / "mine.txt"))
    assert "**GRU**" in sink.frames["answers"].markdown
    assert len(sink.frames["gates"].x.ticks) == 8


@pytest.mark.parametrize("look", ["forget gate", "update gate", "cell", "output h"])
@pytest.mark.parametrize("network", ["LSTM", "GRU", "plain"])
def test_every_network_shows_a_gate_of_its_own(look: str, network: str) -> None:
    sink = ran(network=network, look=look, layers=2, layer=2)
    assert sink.frames["gates"].note.startswith(network)
    assert np.asarray(sink.frames["gates"].layers[0].values).shape == (6, 8)


@pytest.mark.parametrize("bug", ["forget gate shut", "tanh of the cell left out", "i and f swapped"])
def test_a_wrong_lstm_no_longer_agrees_with_torch(bug: str) -> None:
    note = ran(2, bug=bug).frames["gates"].note
    assert "0" not in note.rsplit(" ", 1)[-1].split(".")[0] or float(note.rsplit(" ", 1)[-1].replace("−", "-")) > 1e-4


def test_one_network_learns_alone() -> None:
    assert set(ran(models="GRU").scalars) == {"loss/GRU"}
