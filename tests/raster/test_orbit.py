"""Navigation: whatever one does, the horizon stays level and the numbers finite."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.raster import Orbit

UPS = {"z": np.array([0.0, 0.0, 1.0]), "y": np.array([0.0, 1.0, 0.0])}
Up = Literal["z", "y"]
drags = st.floats(-5000, 5000)
steps = st.one_of(
    st.tuples(st.just("rotated"), drags, drags),
    st.tuples(st.just("panned"), drags, drags, st.floats(0, 4000)),
    st.tuples(st.just("zoomed"), st.floats(0, 1e3)),
    st.tuples(st.just("flown"), st.floats(-10, 10), st.floats(-10, 10), st.floats(-10, 10)),
)


@given(up=st.sampled_from(["z", "y"]), moves=st.lists(steps, max_size=12))
def test_no_sequence_of_motions_rolls_the_view_or_loses_it(up: Up, moves: list[tuple[str, float]]) -> None:
    orbit = Orbit(up=up)
    for name, *amounts in moves:
        orbit = getattr(orbit, name)(*amounts)
    camera = orbit.camera(64, 48)
    right, down = camera.world_from_camera[:3, 0], camera.world_from_camera[:3, 1]
    assert abs(right @ UPS[up]) < 1e-9, "the horizon is level"
    assert down @ UPS[up] < 1e-9, "the view is not upside down"
    assert np.isfinite(camera.world_from_camera).all()
    assert abs(orbit.pitch) <= math.pi / 2


@given(
    up=st.sampled_from(["z", "y"]),
    yaw=st.floats(-10, 10),
    pitch=st.floats(-2, 2),
    distance=st.floats(1e-3, 1e4),
)
def test_the_target_is_in_the_middle_at_its_distance(up: Up, yaw: float, pitch: float, distance: float) -> None:
    orbit = Orbit((1.0, -2.0, 0.5), distance, yaw, pitch, up)
    pixels, depth = orbit.camera(64, 48).project([orbit.target])
    np.testing.assert_allclose(pixels, [[32, 24]], atol=1e-6 * (1 + 1 / distance))
    np.testing.assert_allclose(depth, [distance])


@pytest.mark.parametrize(("up", "eye"), [("z", (3.0, 0.0, 0.0)), ("y", (0.0, 0.0, 3.0))])
def test_yaw_begins_where_the_docstring_says(up: Up, eye: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(Orbit(distance=3.0, yaw=0.0, pitch=0.0, up=up).eye, eye, atol=1e-12)


@pytest.mark.parametrize("up", ["z", "y"])
def test_a_positive_pitch_looks_down_from_above(up: Up) -> None:
    assert Orbit(pitch=0.7, up=up).eye @ UPS[up] == pytest.approx(3.0 * math.sin(0.7))


@pytest.mark.parametrize("up", ["z", "y"])
@pytest.mark.parametrize("drag", [(20.0, 0.0), (0.0, 20.0)])
def test_the_near_side_follows_a_turning_drag(up: Up, drag: tuple[float, float]) -> None:
    orbit = Orbit(up=up)
    near_side = 0.3 * orbit.eye
    before = orbit.camera(640, 480).project([near_side])[0][0]
    after = orbit.rotated(*drag).camera(640, 480).project([near_side])[0][0]
    assert (after - before) @ np.array(drag) > 0


@pytest.mark.parametrize("up", ["z", "y"])
def test_the_target_stays_under_a_panning_pointer(up: Up) -> None:
    orbit = Orbit(up=up)
    moved = orbit.panned(30.0, -12.0, height=480)
    np.testing.assert_allclose(moved.camera(640, 480).project([orbit.target])[0], [[350, 228]], atol=1e-6)


def test_zooming_by_two_halves_the_distance() -> None:
    assert Orbit(distance=3.0).zoomed(2.0).distance == 1.5
    assert Orbit(distance=3.0).zoomed(0.5).distance == 6.0
    assert 0 < Orbit(distance=1e-6).zoomed(1e9).distance


def test_flying_moves_eye_and_target_together() -> None:
    orbit = Orbit(yaw=0.0, pitch=0.0)
    flown = orbit.flown(forward=1.0, right=2.0, up=3.0)
    expected = np.array([-1.0, 2.0, 3.0])
    np.testing.assert_allclose(flown.eye - orbit.eye, expected, atol=1e-12)
    np.testing.assert_allclose(np.subtract(flown.target, orbit.target), expected, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e4), up=st.sampled_from(["z", "y"]))
def test_framing_shows_every_point(seed: int, scale: float, up: Up) -> None:
    rng = np.random.default_rng(seed)
    points = (rng.uniform(-1, 1, (40, 3)) * rng.uniform(0.1, 1, 3) + rng.normal(size=3)) * scale
    camera = Orbit.around(points, up).camera(300, 300)
    pixels, depth = camera.project(points)
    assert (depth > camera.near).all()
    assert ((pixels > 0) & (pixels < 300)).all()
    assert np.ptp(pixels, axis=0).max() > 75, "and does not stand miles away"


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((0, 3)),
        np.full((1, 3), 7.0),
        np.full((5, 3), -2.0),
        np.full((4, 3), np.nan),
        np.full((4, 3), np.inf),
        np.full((2, 3), 1e300),
        [],
    ],
)
def test_framing_nothing_much_gives_a_usable_view(points: object) -> None:
    orbit = Orbit.around(points)  # type: ignore[arg-type]
    assert np.isfinite(orbit.camera(10, 10).world_from_camera).all()
    assert 0.5 < orbit.distance < 10


def test_framing_leaves_out_what_is_not_finite() -> None:
    points = np.array([[-1.0, -1, -1], [1, 1, 1], [np.nan, 0, 0], [np.inf, 0, 0]])
    assert Orbit.around(points) == Orbit.around(points[:2])


@pytest.mark.parametrize(
    "change", [{"target": (math.nan, 0, 0)}, {"distance": math.inf}, {"yaw": math.nan}, {"up": "x"}]
)
def test_an_impossible_orbit_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="orbit"):
        Orbit(**change)  # type: ignore[arg-type]
