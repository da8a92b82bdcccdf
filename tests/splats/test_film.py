"""Films: smooth flights, whole files or none."""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.api.errors import DataError, ParameterError
from engine.api.flights import Flight, Key, flight_from_text, flight_to_text
from engine.splats.film import Progress, camera_at, pictures, turntable, write_film
from engine.splats.frames import knot

KEYS = tuple(Key((float(i), float(i * i), 0.0), (math.cos(i / 4), 0.0, 0.0, math.sin(i / 4)), 0.7) for i in range(4))


def test_a_flight_passes_its_key_frames() -> None:
    flight = Flight(KEYS, 3.0)
    for index, key in enumerate(KEYS):
        camera = camera_at(flight, index / 3, 64, 48)
        np.testing.assert_allclose(camera.position, key.place, atol=1e-12)
        assert camera.fov_y == pytest.approx(0.7)
    still = camera_at(Flight(KEYS[1:2]), 0.7, 64, 48)
    np.testing.assert_allclose(still.position, KEYS[1].place)


def test_a_round_ends_where_it_began_and_looks_at_the_scene() -> None:
    scene = knot(200)
    flight = turntable(scene, up="-y")
    first, last = (camera_at(flight, share, 64, 48) for share in (0.0, 1.0))
    np.testing.assert_allclose(first.world_from_camera, last.world_from_camera, atol=1e-9)
    for share in np.linspace(0, 1, 9):
        pixels, depth = camera_at(flight, share, 64, 48).project(scene.means.numpy())
        assert (depth > 0).all()
        assert np.median(np.abs(pixels - (32, 24)), axis=0).max() < 24


def test_a_film_has_its_pictures(tmp_path: Path) -> None:
    scene, told = knot(300), []

    def tell(progress: Progress) -> bool:
        told.append(progress)
        return True

    assert write_film(tmp_path / "a.mp4", pictures(scene, turntable(scene), 12, 96, 64), 12, 24, tell)
    with av.open(str(tmp_path / "a.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 12
    assert frames[0].shape == (64, 96, 3)
    assert frames[0].max() > 60
    assert [step.frame for step in told] == list(range(1, 13))
    assert told[-1].left == 0


def test_pictures_one_by_one(tmp_path: Path) -> None:
    scene = knot(100)
    shots = list(pictures(scene, turntable(scene), 3, 32, 24))
    write_film(tmp_path / "a.png", shots, 3)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a_0001.png", "a_0002.png", "a_0003.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a_0002.png")), shots[1])


@pytest.mark.parametrize("name", ["a.mp4", "a.png"])
def test_a_film_that_is_given_up_leaves_nothing(tmp_path: Path, name: str) -> None:
    shots = [np.zeros((24, 32, 3), np.uint8)] * 5
    assert not write_film(tmp_path / name, shots, 5, told=lambda progress: progress.frame < 3)
    assert not list(tmp_path.iterdir())


def test_what_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\.mp4"):
        write_film(tmp_path / "a.avi", [np.zeros((2, 2, 3), np.uint8)], 1)
    with pytest.raises(DataError, match="even"):
        write_film(tmp_path / "a.mp4", [np.zeros((3, 3, 3), np.uint8)], 1)
    with pytest.raises(DataError, match="one picture"):
        write_film(tmp_path / "a.mp4", [], 0)


def test_a_flight_is_text_and_back() -> None:
    flight = Flight(KEYS, 3.0, closed=True)
    assert flight_from_text(flight_to_text(flight)) == flight
    assert flight_from_text("") is None
    for text in ("x", "{}", '{"keys":[]}', '{"keys":[{"place":[0,0],"turn":[1,0,0,0],"fov_y":1}]}'):
        with pytest.raises(ParameterError):
            flight_from_text(text)
