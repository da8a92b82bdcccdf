"""What lines can do: the exhaustive search against random lines, the street, the bound on mistakes from anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import planar
from engine.data.lines import (
    best_line_accuracy,
    line_distance,
    line_ends,
    line_foot,
    line_margin,
    mistake_bound,
)
from engine.data.street import best_direction, widest_street


@pytest.mark.parametrize("seed", range(8))
def test_no_random_line_beats_the_best_and_one_comes_up_to_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, signs = rng.uniform(-1, 1, (7, 2)), rng.choice([-1, 1], 7)
    angles = rng.uniform(0, 2 * np.pi, 40_000)
    sides = points @ np.stack([np.cos(angles), np.sin(angles)]) - rng.uniform(-1.5, 1.5, 40_000)
    assert best_line_accuracy(points, signs) == pytest.approx((np.sign(sides) == signs[:, None]).mean(0).max())


def test_few_points_or_one_class_are_always_right() -> None:
    assert best_line_accuracy(np.zeros((0, 2)), np.zeros(0, int)) == 1
    assert best_line_accuracy(np.array([[0.0, 0], [1, 0]]), np.array([1, -1])) == 1
    assert best_line_accuracy(np.random.default_rng(0).uniform(size=(9, 2)), np.ones(9, int)) == 1


def test_there_is_no_street_through_xor_or_one_class() -> None:
    data = planar.sample("xor", 20, 0.1, np.random.default_rng(0))
    assert widest_street(data.points, 2 * data.labels - 1) is None
    assert widest_street(data.points, np.ones(20, int)) is None
    assert best_direction(np.zeros((0, 3)), np.zeros(0, int)) is None
    inputs = np.concatenate([data.points, np.ones((20, 1))], 1)
    assert best_direction(inputs, 2 * data.labels - 1) is None


def test_no_other_direction_has_a_wider_margin() -> None:
    data = planar.separable(25, 0.1, np.random.default_rng(1))
    inputs, signs = np.concatenate([data.points, np.ones((25, 1))], 1), 2 * data.labels - 1
    unit = best_direction(inputs, signs)
    assert unit is not None
    assert np.linalg.norm(unit) == pytest.approx(1)
    near = unit + 0.05 * np.random.default_rng(2).standard_normal((5000, 3))
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    assert (signs * (inputs @ unit)).min() >= (signs[:, None] * (inputs @ near.T)).min(0).max() - 1e-6


@pytest.mark.parametrize("seed", range(30))
def test_the_rule_keeps_to_the_bound_from_any_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = planar.separable(20, float(rng.uniform(0.05, 0.4)), rng)
    inputs, signs = np.concatenate([data.points, np.ones((20, 1))], 1), 2 * data.labels - 1
    unit = best_direction(inputs, signs)
    assert unit is not None
    start = rng.standard_normal(3) * rng.choice([0.0, 1.0, 5.0])
    bound, weights, made = mistake_bound(inputs, signs, unit, start), start.copy(), 0
    while len(wrong := np.flatnonzero(signs * (inputs @ weights) <= 0)):
        pick = rng.choice(wrong)
        weights += signs[pick] * inputs[pick]
        made += 1
        assert made <= bound
    if not start.any():
        margin = (signs * (inputs @ unit)).min()
        assert bound == pytest.approx((np.linalg.norm(inputs, axis=1).max() / margin) ** 2)


def test_a_hopeless_start_costs_at_least_its_way_back() -> None:
    inputs, signs = np.array([[1.0]]), np.array([1])
    assert mistake_bound(inputs, signs, np.array([1.0]), np.array([-7.0])) >= 8  # −7, −6, … 0 are all wrong


def test_distance_and_margin_do_not_care_about_the_length_of_w() -> None:
    points, signs = np.array([[1.0, 0.0], [-2.0, 5.0]]), np.array([1, -1])
    for scale in (0.1, 1.0, 30.0):
        line = scale * np.array([1.0, 0.0, -0.5])
        np.testing.assert_allclose(line_distance(line, points), [0.5, -2.5])
        assert line_margin(line, points, signs) == pytest.approx(0.5)
        np.testing.assert_allclose(line_foot(line), [0.5, 0.0])
    assert line_margin(np.zeros(3), points, signs) == 0
    assert line_margin(np.ones(3), points[:0], signs[:0]) == 0


@pytest.mark.parametrize("line", [(1.0, 0.0, -0.5), (0.0, 2.0, 1.0), (1.0, 1.0, 0.3), (-3.0, 1.0, 2.0)])
def test_a_line_enters_and_leaves_the_square_on_its_border(line: tuple[float, float, float]) -> None:
    ends = line_ends(np.array(line), 1.5)
    np.testing.assert_allclose(ends @ line[:2] + line[2], 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(ends).max(1), 1.5)
    assert np.hypot(*(ends[1] - ends[0])) > 0.1


@pytest.mark.parametrize("line", [(0.0, 0.0, 1.0), (1.0, 0.0, 9.0), (1.0, 1.0, -4.0)])
def test_a_line_outside_the_square_is_not_drawn(line: tuple[float, float, float]) -> None:
    assert np.isnan(line_ends(np.array(line), 1.5)).all()
