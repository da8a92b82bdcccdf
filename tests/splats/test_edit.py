"""Edits: each does what it says, pictures follow, and the list is all there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from engine.api.errors import DataError, ParameterError
from engine.api.splat_edits import (
    AlignGround,
    Box,
    CleanFloaters,
    Colour,
    Crop,
    Delete,
    Everything,
    Isolate,
    Move,
    Outline,
    Pick,
    Range,
    SetLength,
    Sphere,
    Stroke,
    chosen_of,
    edits_from_text,
    edits_to_text,
    words_of,
)
from engine.raster import Orbit
from engine.splats.edit import apply_edits, cloud_of, ground_of, moved, quaternion_of
from engine.splats.exports import decibels, picture
from tests.splats.scenes import blobs

CAMERA = Orbit(distance=6.0).camera(240, 160)
VIEW = tuple(CAMERA.camera_from_world[:3].ravel().tolist())
SQUARE = ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1))
EDITS = (
    Delete((Pick(Outline(VIEW, SQUARE)), Pick(Sphere((0.0, 0.0, 0.0), 0.2), "remove"))),
    Isolate((Pick(Everything()),)),
    Crop((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)),
    Move((0.1, 0.2, 0.3), (0.5, 0.5, 0.5, 0.5), 2.0),
    AlignGround(),
    CleanFloaters(0.3),
    SetLength((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), 0.5),
)


def test_an_outline_chooses_what_lies_in_it() -> None:
    scene = blobs()
    pixels, depth = CAMERA.project(scene.means.numpy())
    middle = np.abs(pixels - (120, 80)) < 0.1 * CAMERA.focal
    chosen = chosen_of((Pick(Outline(VIEW, SQUARE)),), cloud_of(scene))
    np.testing.assert_array_equal(chosen, middle.all(1) & (depth > 0))
    assert 0 < chosen.sum() < len(scene)


def test_a_lasso_with_a_bay() -> None:
    """The even-odd rule, against one point after the other."""
    scene, star = blobs(), ((-0.2, -0.2), (0.0, 0.1), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2))
    chosen = chosen_of((Pick(Outline(VIEW, star)),), cloud_of(scene))
    pose = np.array(VIEW).reshape(3, 4)
    for mean, inside in zip(scene.means.double().numpy(), chosen, strict=True):
        x, y, z = pose[:, :3] @ mean + pose[:, 3]
        crossings = 0
        for (x0, y0), (x1, y1) in zip(star, (*star[1:], star[0]), strict=True):
            crossings += (y0 > y / z) != (y1 > y / z) and x / z < x0 + (y / z - y0) * (x1 - x0) / (y1 - y0)
        assert inside == bool(crossings % 2)


def test_a_brush_chooses_what_it_passes() -> None:
    scene = blobs()
    stroke = Stroke(VIEW, ((-0.2, 0.0), (0.2, 0.0)), 0.05)
    chosen = chosen_of((Pick(stroke),), cloud_of(scene))
    pose = np.array(VIEW).reshape(3, 4)
    place = scene.means.double().numpy() @ pose[:, :3].T + pose[:, 3]
    slopes = place[:, :2] / place[:, 2:]
    away = np.hypot(np.maximum(np.abs(slopes[:, 0]) - 0.2, 0), slopes[:, 1])
    np.testing.assert_array_equal(chosen, away <= 0.05)


def test_nothing_behind_the_eye_is_chosen() -> None:
    scene = replace(blobs(), means=blobs().means + torch.tensor(2 * CAMERA.position, dtype=torch.float32))
    assert not chosen_of(
        (Pick(Outline(VIEW, ((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)))),), cloud_of(scene)
    ).any()


def test_by_numbers_and_bodies() -> None:
    scene = blobs()
    cloud = cloud_of(scene)
    faint = chosen_of((Pick(Range("opacity", 0.0, 0.2)),), cloud)
    np.testing.assert_array_equal(faint, scene.alphas.numpy() <= np.float32(0.2))
    large = chosen_of((Pick(Range("size", 0.1, 9.0)),), cloud)
    np.testing.assert_array_equal(large, scene.scales.amax(1).numpy() >= np.float32(0.1))
    both = chosen_of((Pick(Everything()), Pick(Sphere((0.0, 0.0, 0.0), 1.0), "remove")), cloud)
    np.testing.assert_array_equal(both, scene.means.norm(dim=1).numpy() > 1)
    box = chosen_of((Pick(Box((0.0, -9.0, -9.0), (9.0, 9.0, 9.0))),), cloud)
    np.testing.assert_array_equal(box, scene.means[:, 0].numpy() >= 0)
    own = tuple(cloud.colours[3].tolist())
    assert chosen_of((Pick(Colour(own, 1e-3)),), cloud)[3]


def test_delete_isolate_and_crop_share_the_scene() -> None:
    scene = blobs()
    ball = (Pick(Sphere((0.0, 0.0, 0.0), 1.0)),)
    outside, inside = apply_edits(scene, [Delete(ball)]), apply_edits(scene, [Isolate(ball)])
    assert len(outside) + len(inside) == len(scene)
    cropped = apply_edits(scene, [Crop((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))])
    assert cropped.means.abs().max() <= 1
    with pytest.raises(DataError, match="leave no Gaussian"):
        apply_edits(scene, [Delete((Pick(Everything()),))])


@pytest.mark.parametrize("degree", range(4))
def test_a_turned_scene_looks_the_same_to_a_turned_eye(degree: int) -> None:
    """Positions, shapes and view-dependent colours turn together: the picture does not change."""
    scene = blobs(200, degree)
    turn = Rotation.from_euler("xyz", (0.4, -1.1, 2.0)).as_matrix()
    shift, scale = np.array([0.3, -0.2, 0.5]), 1.7
    after = moved(scene, turn, shift, scale)
    pose = CAMERA.world_from_camera.copy()
    pose[:3, :3] = turn @ pose[:3, :3]
    pose[:3, 3] = scale * turn @ pose[:3, 3] + shift
    there = replace(CAMERA, world_from_camera=pose, near=CAMERA.near * scale, far=CAMERA.far * scale)
    assert decibels(picture(scene, CAMERA), picture(after, there)) > 50


def test_turning_back_is_nothing() -> None:
    scene = blobs(50)
    turn = Rotation.from_euler("xyz", (1.0, 2.0, 0.5)).as_matrix()
    back = moved(moved(scene, turn, np.zeros(3), 2.0), turn.T, np.zeros(3), 0.5)
    torch.testing.assert_close(back.sh, scene.sh, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(back.means, scene.means, atol=1e-5, rtol=1e-4)
    w = quaternion_of(turn)
    np.testing.assert_allclose(np.abs(w @ Rotation.from_matrix(turn).as_quat(scalar_first=True)), 1)


def test_the_ground_is_found_among_clutter() -> None:
    rng = np.random.default_rng(1)
    floor = np.column_stack([rng.uniform(-3, 3, (1500, 2)), 0.005 * rng.standard_normal(1500)])
    clutter = rng.uniform((-1, -1, 0), (1, 1, 2), (900, 3))
    turn = Rotation.from_euler("xyz", (2.0, 0.3, 0.1)).as_matrix()
    scene = blobs(2400, 0)
    tilted = np.concatenate([floor, clutter]) @ turn.T + (0.0, 1.0, 2.0)
    scene = replace(scene, means=torch.tensor(tilted, dtype=torch.float32), opacities=torch.ones(2400))
    normal, _ = ground_of(tilted)
    assert normal @ turn[:, 2] > 0.999
    level = apply_edits(scene, [AlignGround()]).means.numpy()
    assert np.abs(level[:1500, 2]).max() < 0.06
    assert level[1500:, 2].mean() > 0.8


def test_floaters_go_and_the_scene_stays() -> None:
    rng = np.random.default_rng(0)
    means = np.concatenate([rng.uniform(-1, 1, (3000, 3)), rng.uniform(-9, 9, (30, 3))])
    scene = blobs(3030, 0)
    scene = replace(scene, means=torch.tensor(means, dtype=torch.float32), opacities=torch.full((3030,), 2.0))
    clean = apply_edits(scene, [CleanFloaters(0.5)]).means.numpy()
    assert (np.abs(clean) > 1.5).any(1).sum() <= 2
    assert len(clean) > 2900


def test_a_known_length_scales_the_scene() -> None:
    scene = blobs(10)
    start, end = (tuple(scene.means[i].tolist()) for i in (0, 1))
    after = apply_edits(scene, [SetLength(start, end, 0.25)])
    assert float((after.means[0] - after.means[1]).norm()) == pytest.approx(0.25, rel=1e-5)
    assert float((after.scales / scene.scales).std()) < 1e-5
    with pytest.raises(DataError, match="one point"):
        apply_edits(scene, [SetLength(start, start, 1.0)])


def test_undo_is_one_edit_fewer() -> None:
    scene = blobs()
    edits = (Move(scale=2.0), Delete((Pick(Sphere((0.0, 0.0, 0.0), 1.0)),)), Move((1.0, 0.0, 0.0)))
    assert torch.equal(
        apply_edits(scene, edits[:2]).means, apply_edits(apply_edits(scene, edits[:1]), edits[1:2]).means
    )
    assert apply_edits(scene, ()) is scene


def test_edits_are_text_and_back() -> None:
    assert edits_from_text(edits_to_text(EDITS)) == EDITS
    assert edits_to_text(()) == ""
    assert len({words_of(edit) for edit in EDITS}) == len(EDITS)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "{}",
        "[1]",
        '[{"is":"Delete"}]',
        '[{"is":"Move","scale":0}]',
        '[{"is":"Move","scale":NaN}]',
        '[{"is":"Crop","low":[0,0],"high":[1,1,1]}]',
        '[{"is":"Delete","chosen":[["add",{"is":"Outline","view":[1],"points":[[0,0]]}]]}]',
        '[{"is":"Delete","chosen":[["add",{"is":"Stroke","view":[1,0,0,0,0,1,0,0,0,0,1,0],"points":[],"radius":1}]]}]',
        '[{"is":"open","low":1}]',
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        edits_from_text(text)
