"""The command line of an experiment, and the string that reopens it."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.errors import StudioError
from engine.api.share import Experiment, command_line, read_share_string, share_string
from tests.api.test_params import FIELDS


def test_the_command_names_what_differs() -> None:
    experiment = Experiment("a.b", {"rate": 0.01, "at": [1.0, 2.0], "data": "/my photos", "on": True}, seed=3)
    words = shlex.split(command_line(FIELDS, experiment))
    assert words[:4] == ["python", "main.py", "run", "a.b"]
    assert words[4:] == [
        "--set",
        "rate=0.01",
        "--set",
        "at=[1.0,2.0]",
        "--data",
        "/my photos",
        "--set",
        "on=true",
        "--seed",
        "3",
    ]


def test_a_share_string_reopens_the_experiment() -> None:
    experiment = Experiment("a.b", {"rate": 0.01, "points": [[0.5, 0.5, 1]]}, seed=3)
    assert read_share_string(share_string(experiment)) == experiment


@given(st.text(max_size=80) | st.text(max_size=80).map(lambda text: "ps1:" + text))
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(StudioError, match="share string"):
        read_share_string(text)


def test_a_bomb_is_refused() -> None:
    bomb = share_string(Experiment("a.b", {"x": "0" * 5_000_000}))
    with pytest.raises(StudioError, match="share string"):
        read_share_string(bomb)
