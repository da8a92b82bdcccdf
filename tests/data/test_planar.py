"""The planar sets: balanced, morphing with the noise, and truly of the densities that the Bayes rule is made of."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.data import planar
from engine.data.lines import line_margin
from engine.data.planar_task import OWN, make_task
from engine.data.street import widest_street


@pytest.mark.parametrize("name", planar.NAMES)
def test_classes_are_equally_full(name: str) -> None:
    data = planar.sample(name, 120, 0.1, np.random.default_rng(0))
    assert data.points.shape == (120, 2)
    assert set(np.bincount(data.labels)) == {120 // data.classes}


@pytest.mark.parametrize("name", planar.NAMES)
def test_noise_scales_the_same_draws(name: str) -> None:
    none, some, more = (planar.sample(name, 30, noise, np.random.default_rng(1)) for noise in (0.0, 0.1, 0.3))
    np.testing.assert_array_equal(none.labels, more.labels)
    np.testing.assert_allclose(more.points - none.points, 3 * (some.points - none.points), atol=1e-12)


def test_xor_fills_its_four_corners_evenly() -> None:
    data = planar.sample("xor", 40, 0.0, np.random.default_rng(2))
    corners, counts = np.unique(data.points, axis=0, return_counts=True)
    assert len(corners) == 4
    assert set(counts) == {10}
    np.testing.assert_array_equal(data.labels, data.points[:, 0] * data.points[:, 1] < 0)


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("name", planar.NAMES)
def test_the_bayes_rule_errs_on_fresh_points_as_often_as_it_should(name: str, noise: float) -> None:
    count, axis = 6000, np.linspace(-3, 3, 1201)
    data = planar.sample(name, count, noise, np.random.default_rng(3))
    density = planar.densities(name, noise, axis, axis)
    column, row = np.rint((data.points.clip(-3, 3) + 3) / (axis[1] - axis[0])).astype(int).T
    posterior = density[:, row, column] / density[:, row, column].sum(0)
    wrong = (posterior.argmax(0) != data.labels).mean()
    surprise = -np.log(np.maximum(posterior[data.labels, np.arange(count)], 1e-300))
    known = planar.bayes(name, noise)
    assert abs(wrong - known.error) < 4 * math.sqrt(known.error / count) + 1e-3
    assert abs(surprise.mean() - known.entropy) < 4 * surprise.std() / math.sqrt(count) + 2e-3


@pytest.mark.parametrize("noise", [0.2, 0.4, 0.6])
def test_two_gaussians_have_the_closed_form_error(noise: float) -> None:
    closed = 0.5 * math.erfc(0.6 / noise / math.sqrt(2))
    assert planar.bayes("blobs", noise).error == pytest.approx(closed, abs=2e-5)


@pytest.mark.parametrize("name", planar.NAMES)
def test_densities_integrate_to_one(name: str) -> None:
    axis = np.linspace(-2.5, 2.5, 501)
    total = planar.densities(name, 0.1, axis, axis).sum((1, 2)) * (axis[1] - axis[0]) ** 2
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_thin_noise_leaves_no_error() -> None:
    assert planar.bayes("circles", 0.0) == planar.Bayes(0.0, 0.0)
    assert planar.bayes_leads("circles", 0.01, 1.5, 20) == ()


@pytest.mark.parametrize("name", ["moons", "pinwheel"])
def test_the_lead_is_positive_where_its_class_lives(name: str) -> None:
    leads = planar.bayes_leads(name, 0.05, 1.5, 301)
    data = planar.sample(name, 60, 0.0, np.random.default_rng(4))
    column, row = np.rint((data.points + 1.5) * 100).astype(int).T
    classes = [1] if len(leads) == 1 else range(data.classes)
    for lead, mine in zip(leads, classes, strict=True):
        away = np.hypot(*data.points.T) > 0.4  # the arms of the pinwheel meet in the middle
        np.testing.assert_array_equal((lead[row, column] > 0)[away], (data.labels == mine)[away])


@pytest.mark.parametrize("margin", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_the_street_of_separable_data_is_as_wide_as_asked(margin: float, seed: int) -> None:
    data = planar.separable(30, margin, np.random.default_rng(seed))
    signs = 2 * data.labels - 1
    street = widest_street(data.points, signs)
    assert street is not None
    assert line_margin(street, data.points, signs) == pytest.approx(margin, rel=1e-3)
    assert len(data) == 30


@pytest.mark.parametrize(("count", "margin"), [(2, 0.1), (10, 0.0), (10, 0.6)])
def test_separable_refuses_what_cannot_be(count: int, margin: float) -> None:
    with pytest.raises(ValueError, match="separable needs"):
        planar.separable(count, margin, np.random.default_rng(0))


def test_own_points_come_after_the_drawn_ones() -> None:
    base = planar.sample("moons", 10, 0.1, np.random.default_rng(0))
    assert planar.with_own(base, ()) is base
    joined = planar.with_own(base, ((0.5, -0.5, 2),))
    assert len(joined) == 11
    assert joined.classes == 3
    np.testing.assert_array_equal(joined.points[-1], [0.5, -0.5])
    assert planar.with_own(planar.empty(), ((0.0, 0.0, 1),)).labels.tolist() == [1]


def test_a_task_splits_as_asked_and_takes_own_points_into_training() -> None:
    task = make_task("pinwheel", ((0.1, 0.2, 0),), 0.1, 50, 0.6, (0, 0))
    assert len(task.labels["train"]) == 31
    assert len(task.labels["test"]) == 20
    assert task.classes == 3
    assert task.bayes == planar.bayes("pinwheel", 0.1)
    assert task.key != make_task("pinwheel", ((0.1, 0.3, 0),), 0.1, 50, 0.6, (0, 0)).key
    assert task.key != make_task("pinwheel", ((0.1, 0.2, 0),), 0.1, 50, 0.6, (0, 1)).key


def test_a_task_of_own_points_may_be_empty() -> None:
    task = make_task(OWN, (), 0.1, 50, 0.6, (0, 0))
    assert len(task.labels["train"]) == len(task.labels["test"]) == 0
    assert task.classes == 2
    assert task.bayes is None
