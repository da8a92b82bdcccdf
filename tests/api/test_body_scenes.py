"""Scenes of bodies as records and as text: what a person does with key frames, and what a damaged file gets."""

from __future__ import annotations

import json

import pytest

from engine.api.body_scenes import (
    Actor,
    BodyScene,
    Deed,
    KeyPose,
    Pose,
    Shape,
    changed,
    deed_from_text,
    deed_to_text,
    files_from_text,
    files_to_text,
    key_at,
    moved_key,
    posed,
    scene_from_text,
    scene_to_text,
    with_key,
    without_key,
)
from engine.api.errors import ParameterError

BENT = Pose(((0.1, -0.2, 0.3),) * 24, (0.0, -0.4, 0.0))
SCENE = BodyScene((Actor("Ada", shape=Shape(163, 62, (1.0, -2.0)), ground=(1.0, 2.0), heading=90.0), Actor("Bo")), 4.0)


def test_a_scene_reads_back_to_the_same() -> None:
    scene = with_key(with_key(SCENE, 1, KeyPose(2.0, BENT)), 1, KeyPose(0.5, Pose()))
    assert scene_from_text(scene_to_text(scene)) == scene
    assert scene_from_text("") == BodyScene()
    assert deed_from_text(deed_to_text(Deed(3, "preset", "walk"))) == Deed(3, "preset", "walk")
    assert files_from_text(files_to_text(("/a", "/b"))) == ("/a", "/b")


def test_key_frames_keep_their_order_and_the_last_one_leaves_its_pose() -> None:
    scene = SCENE
    for time in (3.0, 1.0, 2.0):
        scene = with_key(scene, 0, KeyPose(time, BENT))
    assert [key.time for key in scene.actors[0].keys] == [1.0, 2.0, 3.0]
    assert [key.time for key in moved_key(scene, 0, 0, 2.5).actors[0].keys] == [2.0, 2.5, 3.0]
    assert [key.time for key in moved_key(scene, 0, 0, 2.0).actors[0].keys] == [2.0, 3.0], "one gives way"
    assert key_at(scene.actors[0], 2.001) == 1
    for _ in range(3):
        scene = without_key(scene, 0, 0)
    assert scene.actors[0].keys == ()
    assert scene.actors[0].pose == BENT


def test_a_pose_goes_into_the_key_frame_of_its_moment() -> None:
    assert posed(SCENE, 0, BENT, 1.0).actors[0].pose == BENT
    keyed = posed(with_key(SCENE, 0, KeyPose(0.0, Pose())), 0, BENT, 1.0)
    assert [key.pose for key in keyed.actors[0].keys] == [Pose(), BENT]
    assert keyed.actors[1] == SCENE.actors[1]


def broken() -> list[str]:
    good = json.loads(scene_to_text(with_key(SCENE, 0, KeyPose(1.0, BENT))))

    def with_value(path: tuple[object, ...], value: object) -> str:
        data = json.loads(json.dumps(good))
        place = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return json.dumps(data)

    return [
        "{", "[]", "null", '{"actors": []}', "[" * 5000,
        with_value(("seconds",), float("nan")), with_value(("seconds",), 0), with_value(("seconds",), 1e9),
        with_value(("actors", 0, "name"), 7), with_value(("actors", 0, "model"), "a\0b"),
        with_value(("actors", 0, "pose", "turns"), [[1, 2]]), with_value(("actors", 0, "pose", "turns"), [[0, 0, 0]] * 99),
        with_value(("actors", 0, "pose", "place"), ["x", 0, 0]), with_value(("actors", 0, "keys"), [{"time": 1}]),
        with_value(("actors", 0, "keys"), good["actors"][0]["keys"] * 2), with_value(("actors", 0, "shape", "height"), -3),
        with_value(("actors", 0, "shape", "betas"), [0.0] * 99), with_value(("actors",), good["actors"] * 40),
        with_value(("actors", 0, "heading"), True),
    ]  # fmt: skip


@pytest.mark.parametrize("text", broken(), ids=range(len(broken())))
def test_a_damaged_scene_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ParameterError, match="scene"):
        scene_from_text(text)


@pytest.mark.parametrize(
    "text", ["{", '{"what":"explode","name":"","number":1}', '{"what":"keep","name":3,"number":1}']
)
def test_an_unknown_deed_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        deed_from_text(text)


def test_a_change_touches_one_body() -> None:
    assert changed(SCENE, 1, heading=10.0).actors == (SCENE.actors[0], Actor("Bo", heading=10.0))
