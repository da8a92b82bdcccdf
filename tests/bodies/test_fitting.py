"""Fitting to keypoints: known bodies are found again; bad keypoints are one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.api.errors import DataError
from engine.bodies.files import default_body
from engine.bodies.fitting import (
    UNKNOWNS,
    Fit,
    Seen,
    Weights,
    aligned_error,
    camera_vertices,
    fit_keypoints,
    in_camera,
    make_problem,
    projected,
    reprojection,
)
from engine.bodies.keypoint_body import KeypointBody, default_keypoints
from engine.bodies.keypoints import read_keypoints
from engine.bodies.model import pose_body
from engine.bodies.picture import overlay
from engine.bodies.prior import FITTED, default_prior, fit_prior, generate_poses
from engine.bodies.searching import Search, Wish, generated

ASTRONAUT = Path(__file__).parent / "astronaut.json"


@pytest.fixture(scope="module")
def body() -> KeypointBody:
    return default_keypoints()


def person(seed: int) -> np.ndarray:
    """Unknowns of a held-out body of the prior's kind, about four metres before the camera."""
    rng = np.random.default_rng(1000 + seed)
    unknowns = np.zeros(UNKNOWNS)
    unknowns[6:69] = generate_poses(1, rng)[0, FITTED].ravel()
    unknowns[:6] = *rng.normal(0, 0.2, 2), 4.0, 0.05, rng.uniform(-0.8, 0.8), 0.0
    unknowns[69:] = rng.normal(0, 0.4, 10)
    return unknowns


def seen_of(body: KeypointBody, unknowns: np.ndarray) -> Seen:
    camera = Seen(np.zeros((17, 2)), np.ones(17), 1000.0, (500.0, 500.0))
    pixels = projected(in_camera(body, torch.from_numpy(unknowns[None])), camera)[0].numpy()
    return Seen(pixels, np.ones(17), camera.focal, camera.centre)


def test_keypoints_without_vertices_are_the_vertices_keypoints(body: KeypointBody) -> None:
    fit = Fit(person(0), 0.0)
    posed = pose_body(body.model, fit.betas[None], fit.pose[None])
    from engine.bodies.model import skin

    linear = skin(body.model, posed.shaped, posed.frames, posed.rest_joints)
    assert body.model.keypoint_regressor is not None
    wanted = body.model.keypoint_regressor[:17] @ linear
    torch.testing.assert_close(body(fit.betas[None], fit.pose[None]), wanted, atol=1e-9, rtol=0)


def test_a_person_is_found_from_keypoints_in_a_picture(body: KeypointBody) -> None:
    truth = person(0)  # fifty of them: tests/bench
    fit = fit_keypoints(body, seen_of(body, truth), default_prior())
    assert reprojection(body, fit, seen_of(body, truth)).mean() < 2.0
    points = [in_camera(body, torch.from_numpy(each[None]))[0].numpy() for each in (fit.unknowns, truth)]
    assert aligned_error(points[0], points[1]) < 0.07


def test_a_person_is_found_from_keypoints_in_space(body: KeypointBody) -> None:
    fit = Fit(person(5), 0.0)
    points = body(fit.betas[None], fit.pose[None])[0].numpy() + np.array([0.3, 1.0, -2.0])
    seen = Seen(points, np.ones(17))
    assert reprojection(body, fit_keypoints(body, seen, default_prior()), seen).mean() < 5e-3


def test_a_wild_keypoint_is_doubted_and_an_absent_one_is_no_matter(body: KeypointBody) -> None:
    truth = person(1)
    seen = seen_of(body, truth)
    seen.points[9] += 300
    seen.points[10], seen.confidence[10] = np.nan, 0.0
    away = reprojection(body, fit_keypoints(body, seen, default_prior()), seen)
    assert np.isnan(away[10])
    others = np.delete(away, [9, 10])
    assert np.median(others) < 5
    assert away[9] > 100


def test_the_objective_is_that_of_its_terms(body: KeypointBody) -> None:
    truth = person(2)
    problem = make_problem(body, seen_of(body, truth), default_prior(), Weights())
    here = torch.from_numpy(truth[None])
    trust = problem.trust(here)
    torch.testing.assert_close(trust, torch.ones(17, dtype=torch.float64))
    component = problem.prior.nearest(truth[6:69])
    residuals = problem.residuals(here, trust, component)[0]
    assert residuals[:34].abs().max() < 1e-9
    assert residuals[97:160].abs().max() == 0  # within the limits
    torch.testing.assert_close(residuals[160:], Weights().shape ** 0.5 * torch.from_numpy(truth[69:]))


def test_the_prior_knows_its_own_poses_from_others() -> None:
    rng = np.random.default_rng(0)
    prior = default_prior()
    arrays = fit_prior(generate_poses(300, rng), 2, 0)
    assert arrays["means"].shape == (2, 63)

    def cost(pose: np.ndarray) -> float:
        component = prior.nearest(pose)
        return float((((pose - prior.means[component]) @ prior.whiten[component]) ** 2).sum())

    own = [cost(pose[FITTED].ravel()) for pose in generate_poses(50, np.random.default_rng(9))]
    wild = [cost(rng.normal(0, 0.8, 63)) for _ in range(50)]
    assert np.median(own) < 0.2 * np.median(wild)


def test_the_astronaut_is_found(body: KeypointBody) -> None:
    data = pytest.importorskip("skimage.data")
    pixels = data.astronaut()
    seen, notes = read_keypoints(ASTRONAUT, pixels.shape[1], pixels.shape[0])
    assert not notes
    fit = fit_keypoints(body, seen, default_prior())
    assert np.nanmean(reprojection(body, fit, seen)) < 12
    drawn = overlay(pixels, camera_vertices(default_body(), fit), default_body().faces.numpy(), seen.focal)
    assert 0.15 < (drawn != pixels).any(2).mean() < 0.8


def test_a_dragged_keypoint_is_the_one_that_was_held_and_the_fit_goes_on_from_where_it_is(body: KeypointBody) -> None:
    subject = generated(body, 0, 0.0, 0, np.random.default_rng(0))
    wish = Wish(replace(Weights(), apart=0.0), joint="nose")
    search = Search(wish, subject)
    search.fit = Fit(subject.truth.unknowns, 0.0) if subject.truth else search.fit
    x, y = subject.seen.points[9]
    moved = replace(wish, place=(x + 20.0, y, 9.0))
    after = search.settle(moved)
    np.testing.assert_allclose(search.seen(moved).points[9], (x + 20, y))
    assert 0.01 < np.abs(after.unknowns[6:69] - search.subject.truth.unknowns[6:69]).max() < 1.0
    gone = replace(moved, place=(x, y), joint="left_ankle", sure=0.0)
    search.advance(gone)
    assert search.seen(gone).confidence[15] == 0
    swapped = replace(gone, bug="left and right swapped", place=(5.0, 6.0, 10.0), sure=1.0)
    search.advance(swapped)
    np.testing.assert_allclose(search.placed[0][9], (5, 6))  # what is shown as the right wrist was placed as the left


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "should hold"),
        ('{"keypoints": []}', "should hold"),
        ('{"keypoints": {"nos": [1, 2, 1]}}', "nose"),
        ('{"keypoints": {"nose": [1, NaN, 1]}}', "takes x, y"),
        ('{"keypoints": {"nose": "here"}}', "takes x, y"),
        ('{"keypoints": {}}', "0 keypoints in the picture"),
        ('{"keypoints": {"nose": [-5, 2, 1], "left_eye": [1, 900, 1]}}', "0 keypoints in the picture"),
        ('{"keypoints": {"nose": [1, 2, 1]}, "focal": 0}', "focal length"),
    ],
)
def test_bad_keypoints_are_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "points.json").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_keypoints(tmp_path / "points.json", 100, 100)


def test_a_keypoint_outside_the_picture_is_said_and_not_used(tmp_path: Path) -> None:
    points = {"nose": [5, 5], "left_eye": [6, 4], "right_eye": [4, 4], "left_wrist": [500, 4]}
    (tmp_path / "points.json").write_text(json.dumps({"keypoints": points}))
    seen, notes = read_keypoints(tmp_path / "points.json", 100, 100)
    assert seen.confidence.sum() == 3
    assert "left wrist" in notes[0]
