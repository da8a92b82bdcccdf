"""The kernels lab beyond what all labs must do: pokes, own pictures, the camera, the pictures of its page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.api.errors import DataError
from engine.data import camera
from engine.data.scene import draw_scene
from engine.nn.matrices import short
from engine.nn.sliding import PRESETS, Layer, Sweep
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Person(Steering):
    """Changes live parameters at given polls, as the window would, and stops when nothing is left to do."""

    deeds: list[dict[str, Any]] = field(default_factory=list)
    interactive: bool = True

    def poll(self, timeout: float = 0.0) -> None:
        if not timeout:
            return
        if self.deeds:
            self.changes.update(self.deeds.pop(0))
            self.poked = True
        else:
            self.stop = True


def ran(steps: int = 5, deeds: tuple[dict[str, Any], ...] = (), **values: Any) -> dict[str, Any]:
    """Slides the window so many places, then pokes; the newest frame of each view."""
    lab, sink = load("convolution.kernels"), MemorySink(draws=True)
    steering = Person(deeds=list(deeds)) if deeds else Steering()
    run_lab(Setting(lab, make_params(lab, {"steps": steps} | values), torch.device("cpu"), sink, steering))
    return dict(sink.frames)


def seen(output: np.ndarray) -> int:
    """How many places of the output are grey, so computed."""
    return int((output[..., 0] == output[..., 1]).sum())


def test_the_output_fills_place_by_place() -> None:
    assert seen(ran(steps=5)["output"].pixels) == 6
    assert seen(ran(steps=300, stride=3)["output"].pixels) == 16 * 16


def test_without_a_window_it_runs_to_an_end() -> None:
    assert set(ran(steps=2)) == {"input", "output", "products", "size"}


def test_a_click_lays_the_window_there() -> None:
    frames = ran(deeds=({"pixel": [20.5, 10.5]},), padding="valid")
    assert "at row 9, column 19" in frames["products"].note
    assert frames["input"].overlays[0].corners.tolist() == [[19, 9, 22, 12]]


def test_a_dilated_window_shows_each_pixel_that_it_reads() -> None:
    box, cells, border = ran(deeds=({"pixel": [3.5, 3.5]},), dilation=2)["input"].overlays
    assert box.corners.tolist() == [[1, 1, 6, 6]]
    assert cells.corners[:3].tolist() == [[1, 1, 2, 2], [3, 1, 4, 2], [5, 1, 6, 2]]
    assert border.corners.tolist() == [[2, 2, 50, 50]]


@pytest.mark.parametrize("place", [(-3.0, -3.0), (500.0, 500.0)])
def test_a_click_outside_goes_as_near_as_it_can(place: tuple[float, float]) -> None:
    at = 0 if place[0] < 0 else 47
    assert f"at row {at}, column {at}" in ran(deeds=({"pixel": list(place)},))["products"].note


def test_an_edited_cell_replaces_the_preset_until_another_is_chosen() -> None:
    edit = {"kernel": [[0.0, 0.0], [0.0, 2.0]]}
    assert ran(deeds=(edit,))["products"].layers[2].values.shape == (2, 2)
    again = ran(deeds=(edit, {"preset": "Gaussian"}))
    np.testing.assert_array_equal(again["products"].layers[2].values, PRESETS["Gaussian"])
    assert ran(kernel=[[1, 2]])["products"].layers[2].values.shape == (1, 2)
    assert ran(preset="custom")["products"].layers[2].values.shape == (3, 3)


def test_a_finished_sweep_stays_whole_when_the_layer_changes() -> None:
    whole = ran(steps=300, stride=3, deeds=({"stride": 2}, {"stride": 1, "preset": "Gabor"}))
    assert seen(whole["output"].pixels) == 48 * 48
    assert "2,304 sums so far" in whole["size"].markdown


def test_pixels_times_weights_is_what_the_output_holds() -> None:
    frames = ran(deeds=({"pixel": [30.0, 30.0]},), dilation=2, preset="sharpen", padding="reflect")
    pixels, weights, products = (frames["products"].layers[index].values for index in (0, 2, 4))
    np.testing.assert_allclose(products, pixels * weights)
    total = frames["products"].note.split()[2].replace("−", "-")
    assert products.sum() == pytest.approx(float(total), abs=0.006)


def test_the_identity_gives_the_picture_back() -> None:
    picture = draw_scene(40)[0].double().numpy()
    for padding in ("zero", "reflect", "circular"):
        np.testing.assert_array_equal(Layer(PRESETS["identity"], True, padding).by_hand(picture), picture)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_does_what_its_name_says_on_even_grey(name: str) -> None:
    keeps = name in ("identity", "box", "Gaussian", "sharpen", "emboss")
    answer = Layer(PRESETS[name], True).by_hand(np.full((9, 9), 0.5))
    np.testing.assert_allclose(answer, 0.5 if keeps else 0.0, atol=1e-12)


def test_the_largest_window_still_fits_the_smallest_picture() -> None:
    frames = ran(size=32, padding="valid", dilation=4, stride=4, preset="Gabor")
    assert frames["output"].pixels.shape == (2, 2, 3)


def test_a_picture_of_your_own(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (255, 255, 255)).save(tmp_path / "mine.png")
    assert ran(picture=str(tmp_path / "mine.png"), padding="valid")["input"].pixels.min() == 1.0
    with pytest.raises(DataError, match="There is no file"):
        ran(picture=str(tmp_path / "gone.png"))


def test_the_camera_is_looked_through_at_every_step_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    class Device:
        reads, released = 0, False

        def read(self) -> tuple[bool, np.ndarray]:
            self.reads += 1
            return True, np.full((48, 64, 3), self.reads, np.uint8)

        def release(self) -> None:
            self.released = True

    device = Device()
    monkeypatch.setattr(camera, "_open", lambda index: device)
    frames = ran(steps=10, camera=0, padding="valid")
    assert device.reads >= 11
    assert frames["input"].pixels[0, 0] == pytest.approx(device.reads / 255)
    assert device.released


def test_without_a_camera_it_says_so() -> None:
    with pytest.raises(DataError, match="There is no camera 98"):
        ran(camera=98)


def test_a_camera_that_is_not_there_leaves_the_picture_in_mid_run() -> None:
    frames = ran(deeds=({"camera": 98},))
    assert "There is no camera 98" in frames["input"].note
    assert seen(frames["output"].pixels) == 6


@pytest.mark.parametrize(
    ("value", "text"), [(0.866, ".87"), (-2.0, "−2"), (-0.001, "0"), (10.0, "10"), (-0.5, "−.5"), (20.04, "20.04")]
)
def test_numbers_in_cells_are_short(value: float, text: str) -> None:
    assert short(value, 2) == text


def test_a_sweep_sums_each_place_once() -> None:
    layer, picture = Layer(PRESETS["sharpen"], False), draw_scene(12)[0].double().numpy()
    sweep = Sweep(layer, picture)
    assert np.isfinite(sweep.fill(7)).sum() == 7
    assert np.isfinite(sweep.fill(3)).sum() == 7
    np.testing.assert_allclose(sweep.fill(10**6), layer.by_torch(picture), atol=1e-12)
