"""Lines against the distance of every pixel from the segment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster import Camera, Canvas, draw_lines, draw_mesh
from tests.raster.references import looking_along_z, random_pose

SIZE = (120, 80)
BLACK = (0, 0, 0)


def coverage(start: NDArray[np.float64], end: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """How much of each pixel a stroke with round ends covers: a ramp of one pixel at its side."""
    row, column = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    places, along = np.stack([column, row], axis=-1), end - start
    share = np.clip((places - start) @ along / (along @ along), 0, 1)
    distance = np.linalg.norm(places - (start + share[..., None] * along), axis=-1)
    return np.clip(max(width, 1.0) / 2 + 0.5 - distance, 0, 1) * min(width, 1.0)


def drawn(camera: Camera, segments: Any, width: float = 1.5, **style: Any) -> NDArray[np.float64]:
    canvas = Canvas(*SIZE, BLACK)
    draw_lines(canvas, camera, segments, (255, 255, 255), width, **style)
    return canvas.colour[..., 0] / 255.0


@pytest.mark.parametrize("width", [0.4, 1.0, 1.5, 3.0, 9.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_line_covers_what_lies_near_it(seed: int, width: float) -> None:
    rng = np.random.default_rng(seed)
    camera = Camera(random_pose(rng), 1.0, *SIZE)
    ends = camera.position + (rng.normal(size=(2, 3)) * [1, 0.7, 0.5] + [0, 0, 3]) @ camera.world_from_camera[:3, :3].T
    start, end = camera.project(ends)[0]
    np.testing.assert_allclose(drawn(camera, [ends], width), coverage(start, end, width), atol=0.005)


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (1.0, 1e-12), (1e-12, 1.0), (0.0, 0.0)])
def test_level_upright_and_pointlike_lines(direction: tuple[float, float]) -> None:
    camera = looking_along_z(*SIZE)
    ends = np.array([[0.0, 0, 3], [*direction, 3]])
    start, end = camera.project(ends)[0]
    end = end + np.array([1e-9, 0])  # the reference divides by the length
    np.testing.assert_allclose(drawn(camera, [ends], 3.0), coverage(start, end, 3.0), atol=0.005)


def test_a_line_through_the_near_plane_is_cut_there() -> None:
    camera = looking_along_z(*SIZE, near=0.5)
    through = np.array([[0.3, 0.2, -2.0], [-0.5, 0.4, 4.0]])
    share = (0.5 + 2.0) / 6.0
    cut = np.stack([through[0] + share * (through[1] - through[0]), through[1]])
    whole = drawn(camera, [through])
    assert whole.max() > 0.9
    np.testing.assert_allclose(whole, drawn(camera, [cut]), atol=0.005)
    np.testing.assert_allclose(drawn(camera, [through[::-1]]), whole, atol=0.005)


def test_a_line_through_the_far_plane_is_cut_there() -> None:
    camera = looking_along_z(*SIZE, far=2.0)
    ends = np.array([[-0.5, 0, 1.0], [1.5, 0, 5.0]])
    cut = np.stack([ends[0], ends[0] + 0.25 * (ends[1] - ends[0])])
    np.testing.assert_allclose(drawn(camera, [ends]), drawn(camera, [cut]), atol=0.005)
    assert drawn(camera, [ends + np.array([0, 0, 9])]).max() == 0.0


def test_the_depth_along_a_line_is_that_of_the_world() -> None:
    camera = looking_along_z(*SIZE)
    ends = np.array([[-0.5, 0.01, 1.0], [3.0, 0.01, 6.0]])
    canvas = Canvas(*SIZE)
    draw_lines(canvas, camera, [ends], width=3.0)
    rows, columns = np.nonzero(np.isfinite(canvas.depth))
    for row, column in list(zip(rows, columns, strict=True))[::25]:
        ray = camera.ray(column + 0.5, row + 0.5)[1]
        # Where the line of sight passes the segment, seen from above.
        slope = (ends[1] - ends[0])[[0, 2]]
        t = np.linalg.solve(np.stack([ray[[0, 2]], -slope], axis=1), ends[0][[0, 2]])[1]
        expected = ends[0, 2] + np.clip(t, 0, 1) * slope[1]
        assert canvas.depth[row, column] == pytest.approx(expected, rel=0.03)


def test_a_surface_hides_the_part_behind_it() -> None:
    camera, canvas = looking_along_z(*SIZE), Canvas(*SIZE, BLACK)
    draw_mesh(canvas, camera, [[-9, -9, 2], [9, -9, 2], [0, 19, 2]], [[0, 1, 2]], base_colour=(9, 9, 9), shading="none")
    ends = np.array([[-0.5, 0, 1.0], [1.0, 0, 4.0]])
    draw_lines(canvas, camera, [ends], (255, 255, 255), 2.0)
    start, crossing = camera.project([ends[0], ends[0] + (ends[1] - ends[0]) / 3])[0][:, 0]
    lit = np.nonzero(canvas.colour[SIZE[1] // 2, :, 0] > 100)[0]
    assert lit.max() == pytest.approx(crossing, abs=1.5)
    assert lit.min() == pytest.approx(start, abs=2)


def test_a_line_in_a_surface_is_drawn_whole() -> None:
    camera, canvas = looking_along_z(*SIZE), Canvas(*SIZE, BLACK)
    floor = np.array([[-50.0, 1, 0.5], [50, 1, 0.5], [0, 1, 100]])
    draw_mesh(canvas, camera, floor, [[0, 1, 2]], base_colour=(9, 9, 9), shading="none")
    line = np.array([[-0.6, 1, 2.0], [0.8, 1, 6.0]])
    draw_lines(canvas, camera, [line], (255, 255, 255), 1.5)
    start, end = camera.project(line)[0]
    expected = coverage(start, end, 1.5)
    lit = expected > 0.05
    np.testing.assert_allclose(canvas.colour[..., 0][lit] / 255.0, (expected * (246 / 255) + 9 / 255)[lit], atol=0.01)


def test_each_line_has_its_colour() -> None:
    canvas = Canvas(*SIZE, BLACK)
    ends = np.array([[[-1, -0.5, 3], [1, -0.5, 3]], [[-1, 0.5, 3], [1, 0.5, 3]]])
    draw_lines(canvas, looking_along_z(*SIZE), ends, np.array([[200, 0, 0], [0, 0, 100]], np.uint8), 4.0)
    assert canvas.colour[: SIZE[1] // 2].max(axis=(0, 1)).tolist() == [200, 0, 0, 255]
    assert canvas.colour[SIZE[1] // 2 :].max(axis=(0, 1)).tolist() == [0, 0, 100, 255]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_a_segment_that_is_not_finite_is_left_out(bad: float) -> None:
    good = [[-1, 0, 3], [1, 0.2, 3]]
    camera = looking_along_z(*SIZE)
    broken = [[[0, 0, 3], [bad, 1, 4]], good, [[0, bad, 1], [bad, bad, bad]]]
    assert (drawn(camera, broken) == drawn(camera, [good])).all()


def test_a_segment_of_a_thousand_kilometres_crosses_the_picture() -> None:
    ends = np.array([[-1e6, 0.0, 3], [1e6, 0.0, 3]])
    assert (drawn(looking_along_z(*SIZE), [ends], 4.0)[SIZE[1] // 2] == 1.0).all()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"segments": np.zeros((4, 3))}, "pairs of points"),
        ({"segments": np.zeros((4, 3, 3))}, "pairs of points"),
        ({"width": 0.0}, "width is positive"),
        ({"width": np.nan}, "width is positive"),
        ({"colours": np.zeros((2, 3), int)}, "one colour or 1"),
    ],
)
def test_a_wrong_argument_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw_lines(Canvas(4, 4), looking_along_z(4, 4), **{"segments": np.zeros((1, 2, 3)), **change})


def test_no_lines_draw_nothing() -> None:
    assert drawn(looking_along_z(*SIZE), []).max() == 0.0
    assert drawn(looking_along_z(*SIZE), np.zeros((0, 2, 3))).max() == 0.0
