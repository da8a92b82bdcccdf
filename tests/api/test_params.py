"""Parameters: from text, from JSON, through the catalogue, and refused with a sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import (
    Button,
    Camera,
    Canvas,
    Choice,
    Dataset,
    File,
    Matrix,
    Pad,
    ParameterError,
    Pick,
    PointSet,
    Record,
    Slider,
    Toggle,
)
from engine.api.params import (
    CONTROLS,
    checked,
    control_from_json,
    control_to_json,
    expectation,
    fields_of,
    find_field,
    from_json,
    parse,
    to_json,
    to_text,
)


@dataclass
class Params:
    """One parameter of each kind."""

    rate: Annotated[float, Slider(1e-5, 1e-1, log=True, live=True)] = 1e-3
    count: Annotated[int, Slider(1, 256)] = 32
    kind: Annotated[str, Choice("relu", "tanh")] = "relu"
    on: Annotated[bool, Toggle()] = False
    at: Annotated[tuple[float, float], Pad(-3, 3, live=True)] = (0.0, 0.0)
    drawn: Annotated[np.ndarray | None, Canvas(4, 6)] = None
    kernel: Annotated[tuple[tuple[float, ...], ...], Matrix(3, 3, max_rows=5, max_columns=5)] = ((1.0,),)
    points: Annotated[tuple[tuple[float, float, int], ...], PointSet(-1, 1, classes=3)] = ()
    picked: Annotated[tuple[float, ...], Pick(live=True)] = ()
    press: Annotated[int, Button(live=True)] = 0
    data: Annotated[str, Dataset("digits", "sprites", images=True)] = "digits"
    named: Annotated[str, Dataset("moons", "rings")] = "moons"
    file: Annotated[str, File(".png", kind="picture")] = ""
    edits: Annotated[str, Record(kind="edits")] = ""
    flight: Annotated[str, Record(kind="flight")] = ""
    camera: Annotated[int, Camera()] = -1


FIELDS = fields_of(Params)

GOOD: list[tuple[str, str, Any]] = [
    ("rate", "0.01", 0.01),
    ("rate", "1e-5", 1e-5),
    ("count", "64", 64),
    ("count", "64.0", 64),
    ("kind", "tanh", "tanh"),
    ("on", "yes", True),
    ("on", "False", False),
    ("at", "1,-2.5", (1.0, -2.5)),
    ("at", "[1, 2]", (1.0, 2.0)),
    ("kernel", "[[1,2],[3,4]]", ((1.0, 2.0), (3.0, 4.0))),
    ("points", "[[0.5,-0.5,2]]", ((0.5, -0.5, 2),)),
    ("points", "[]", ()),
    ("picked", "3,4", (3.0, 4.0)),
    ("press", "2", 2),
    ("data", "/any/folder", "/any/folder"),
    ("named", "rings", "rings"),
    ("camera", "1", 1),
]

BAD = [
    ("rate", "abc"),
    ("rate", "0.2"),
    ("rate", "nan"),
    ("rate", "inf"),
    ("rate", ""),
    ("count", "1.5"),
    ("count", "0"),
    ("count", "1e400"),
    ("kind", "rleu"),
    ("on", "perhaps"),
    ("at", "1"),
    ("at", "1,2,3"),
    ("at", "9,0"),
    ("at", "[1,"),
    ("kernel", "[[1,2],[3]]"),
    ("kernel", "[]"),
    ("kernel", "[[1,2,3,4,5,6]]"),
    ("kernel", "[[NaN]]"),
    ("points", "[[0,0,3]]"),
    ("points", "[[0,2,0]]"),
    ("points", "[[0,0]]"),
    ("picked", "[[1]]"),
    ("press", "x"),
    ("named", "ring"),
    ("drawn", "4x6:????"),
    ("drawn", "9999999x9999999:eJwDAAAAAAE="),
    ("data", "a\0b"),
]


def test_every_kind_of_control_is_tried() -> None:
    assert {type(entry.control) for entry in FIELDS} == set(CONTROLS.values())


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_text_becomes_the_value(name: str, text: str, value: Any) -> None:
    assert parse(find_field(FIELDS, name), text) == value


@pytest.mark.parametrize(("name", "text"), BAD)
def test_bad_text_gets_one_sentence(name: str, text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse(find_field(FIELDS, name), text)
    sentence = str(caught.value)
    assert name in sentence
    assert "\n" not in sentence
    assert len(sentence) < 200


def test_an_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(ParameterError, match="did you mean rate"):
        find_field(FIELDS, "raet")


@pytest.mark.parametrize("entry", FIELDS, ids=lambda entry: entry.name)
def test_values_and_controls_survive_json(entry: Any) -> None:
    assert control_from_json(json.loads(json.dumps(control_to_json(entry.control)))) == entry.control
    back = from_json(entry, json.loads(json.dumps(to_json(entry.default))))
    assert back == entry.default
    assert expectation(entry)


def test_a_drawn_picture_survives_text() -> None:
    entry = find_field(FIELDS, "drawn")
    picture = np.arange(24, dtype=np.uint8).reshape(4, 6)
    np.testing.assert_array_equal(parse(entry, to_text(entry, picture)), picture)
    with pytest.raises(ParameterError):
        checked(entry, np.zeros((4, 5), np.uint8))


@given(st.sampled_from(FIELDS), st.text(max_size=60))
def test_no_text_raises_anything_else(entry: Any, text: str) -> None:
    try:
        value = parse(entry, text)
    except ParameterError:
        return
    again = parse(entry, to_text(entry, value))
    assert np.array_equal(again, value) if isinstance(value, np.ndarray) else again == value


@given(
    st.sampled_from(FIELDS),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_no_json_raises_anything_else(entry: Any, value: Any) -> None:
    try:
        from_json(entry, value)
    except ParameterError:
        return


def test_a_parameter_without_a_control_is_a_defect() -> None:
    @dataclass
    class Bare:
        lr: float = 0.1

    with pytest.raises(TypeError, match="lr"):
        fields_of(Bare)
