"""The kernels: imported late, compiled once, warmed up, shared between threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engine.raster import Camera, Canvas, Orbit, draw_lines, draw_mesh, draw_points, draw_splats, shapes, warm_up
from engine.raster._team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def kernels() -> Iterator[tuple[str, Any]]:
    """Every function that is cached on the disk, in all modules of kernels."""
    from engine.raster import _binning, _canvas_kernels, _disc_kernels, _line_kernels, _mesh_kernels, _splat_kernels

    for module in (_binning, _canvas_kernels, _disc_kernels, _line_kernels, _mesh_kernels, _splat_kernels):
        for name, function in vars(module).items():
            if hasattr(function, "stats") and type(function._cache).__name__ == "FunctionCache":
                yield f"{module.__name__}.{name}", function


def test_importing_the_package_leaves_numba_alone() -> None:
    code = """if True:
        import sys
        import numpy as np
        import engine.raster
        from engine.raster import shapes
        canvas = engine.raster.Canvas(8, 8)
        canvas.clear(), canvas.image()
        camera = engine.raster.Orbit.around(np.eye(3)).camera(8, 8)
        shapes.frustum(camera), shapes.grid()
        print(sorted(name for name in sys.modules if name.split(".")[0] in ("numba", "llvmlite", "torch", "scipy")))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_warming_up_compiles_everything() -> None:
    warm_up()
    assert len(list(kernels())) >= 15
    assert [name for name, kernel in kernels() if not kernel.signatures] == []


def kinds(values: Any) -> Iterator[Any]:
    """The same numbers as arrays of every sort that a caller may have."""
    array = np.asarray(values)
    yield array.tolist()
    yield np.asfortranarray(array)
    frozen = array.copy()
    frozen.flags.writeable = False
    yield frozen
    shifted = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    yield shifted
    if array.dtype.kind == "f":
        yield array.astype(np.float32)
        yield array.astype(">f8")
    else:
        yield array.astype(np.int32)
        yield array.astype(np.uint16)


def test_no_sort_of_array_compiles_a_kernel_anew() -> None:
    warm_up()
    camera = Orbit().camera(9, 9)
    corners, spread = np.eye(3), np.full((3, 3), 0.1)
    pictures = []
    for points, faces in zip(kinds(corners), kinds(np.array([[0, 1, 2]])), strict=True):
        canvas = Canvas(9, 9, supersample=2)
        draw_mesh(canvas, camera, points, faces)
        draw_points(canvas, camera, points, sizes=np.float32(2))
        draw_lines(canvas, camera, np.asarray(points)[None, :2])
        quats = np.asarray(points)[:, [0, 1, 2, 0]]
        draw_splats(canvas, camera, points, quats, spread, 0.7, points)
        pictures.append(canvas.image().copy())
        shapes.normals(points, faces)
    assert all((picture == pictures[0]).all() for picture in pictures)
    assert {name: len(kernel.signatures) for name, kernel in kernels() if len(kernel.signatures) > 1} == {}


@pytest.mark.parametrize("parts", [1, 2, 40])
def test_a_team_does_every_part_once(parts: int) -> None:
    done: list[int] = []
    Team().share(lambda part, count, shift: done.append(part + shift + count - parts), parts, 100)
    assert sorted(done) == [100 + part for part in range(parts)]


def test_a_failing_part_is_heard_of() -> None:
    def fail(part: int, parts: int) -> None:
        if part == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Team().share(fail, 9)


def test_the_threads_end_with_their_canvas() -> None:
    before = set(threading.enumerate())
    canvas = Canvas(8, 8)
    canvas.team.share(lambda part, parts: None, 4)
    canvas.team._count, canvas.team._helpers  # noqa: B018 the canvas is alive to here
    del canvas
    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
        assert not thread.is_alive()


def draws(canvas: Canvas) -> dict[str, Callable[[], object]]:
    """One call of everything that uses a canvas's buffers."""
    camera, points = Orbit().camera(canvas.width, canvas.height), np.random.default_rng(0).normal(size=(300, 3))
    faces = np.arange(300).reshape(-1, 3)
    turns, spread = np.ones((300, 4)), np.full((300, 3), 0.1)
    return {
        "mesh": lambda: draw_mesh(canvas, camera, points, faces),
        "points": lambda: draw_points(canvas, camera, points),
        "lines": lambda: draw_lines(canvas, camera, points.reshape(-1, 2, 3)),
        "splats": lambda: draw_splats(canvas, camera, points, turns, spread, 0.5, abs(points)),
        "image": canvas.image,
    }


@pytest.mark.parametrize("what", draws(Canvas(1, 1)))
def test_two_threads_take_turns_on_one_canvas(what: str) -> None:
    canvas = Canvas(64, 48, supersample=2)
    draws(canvas)[what]()
    canvas.clear()
    other = threading.Thread(target=draws(canvas)[what])
    with canvas.lock:
        other.start()
        other.join(0.15)
        assert other.is_alive()
    other.join(10.0)
    assert not other.is_alive()


def test_a_frame_like_the_last_one_allocates_no_buffer() -> None:
    canvas = Canvas(64, 48, supersample=2)

    def frame() -> dict[str, int]:
        canvas.clear()
        for draw in draws(canvas).values():
            draw()
        return {name: id(buffer) for name, buffer in canvas.scratch._buffers.items()}

    assert frame() == frame()


def test_a_camera_of_another_size_fits_the_canvas() -> None:
    pictures = []
    for width, height in ((64, 48), (640, 480)):
        canvas = Canvas(64, 48)
        draw_points(canvas, Camera(np.eye(4), 1.0, width, height), [[0.2, 0.1, 2]], sizes=9.0)
        pictures.append(canvas.colour)
    assert (pictures[0] == pictures[1]).all()
