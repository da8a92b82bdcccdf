"""The variational autoencoder beyond what all labs must do: other data, other networks, pictures of its page, two processes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

import main as program
from engine.api.records import read_curves
from engine.labs.autoencoders.vae import Params, shown_dimensions
from engine.nn.code_pages import draw_pairs
from engine.nn.codec import make_decoder, make_encoder
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from engine.nn.codec import Network

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "../shared/data/flowerpot/images"


@dataclass
class Outcome:
    """What a run said: its curves, theory's lines, and the newest frame of each view."""

    scalars: dict[str, list[tuple[int, float]]]
    truths: dict[str, tuple[float, str]]
    frames: dict[str, Any]


def trained(draws: bool = True, **values: Any) -> Outcome:
    lab, sink = load("autoencoders.vae"), MemorySink(draws=draws)
    run_lab(Setting(lab, make_params(lab, values), torch.device("cpu"), sink, Steering()))
    return Outcome(sink.scalars, sink.truths, sink.frames)


def mean_of(points: list[tuple[int, float]]) -> float:
    return sum(value for _, value in points) / len(points)


def test_a_folder_of_photographs_trains_with_falling_loss(tmp_path: Path) -> None:
    words = ["run", "autoencoders.vae", "--data", str(PHOTOS), "--steps", "40", "--set", "batch=32", "--device", "cpu"]
    assert program.main([*words, "--out", str(tmp_path / "run")]) == 0
    result = json.loads((tmp_path / "run/result.json").read_text("utf-8"))
    curve = read_curves(tmp_path / "run")["loss/negative ELBO"].values
    assert result["scalars"]["loss/negative ELBO"] == pytest.approx(curve[-1], rel=1e-4)
    assert curve[-5:].mean() < 0.9 * curve[:5].mean()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_tiny_folder_of_any_size_and_mode_trains(tmp_path: Path, count: int) -> None:
    for index, mode in enumerate(["RGB", "L", "CMYK", "RGB", "1"][:count]):
        Image.new(mode, (1 + 13 * index, 7)).save(tmp_path / f"{index}.{'jpg' if mode == 'CMYK' else 'png'}")
    sink = trained(data=str(tmp_path), steps=4, batch=8)
    assert len(sink.scalars["loss/KL"]) == 4
    assert sink.frames["samples"].pixels.shape == (64, 32, 32, 3)


@pytest.mark.parametrize("network", ["linear", "dense", "convolution"])
@pytest.mark.parametrize("likelihood", ["Bernoulli", "Gaussian"])
@pytest.mark.parametrize("conditional", [False, True])
def test_every_kind_of_network_and_likelihood_runs(network: str, likelihood: str, conditional: bool) -> None:
    sink = trained(
        data="digits",
        size="16",
        network=network,
        likelihood=likelihood,
        conditional=conditional,
        latent=5,
        steps=2,
        batch=8,
    )
    assert math.isfinite(sink.scalars["loss/held-out"][-1][1])
    assert sink.frames["path"].pixels.shape == (7 * 6, 16, 16)


@pytest.mark.parametrize("size", [8, 16, 32, 64])
@pytest.mark.parametrize("kind", ["linear", "dense", "convolution"])
def test_a_codec_keeps_its_shapes(kind: Network, size: int) -> None:
    shape = (3, size, size)
    code = make_encoder(kind, shape, 32, 7)(torch.rand(2, *shape))
    assert code.shape == (2, 7)
    assert make_decoder(kind, shape, 32, 7)(code).shape == (2, *shape)


def test_a_code_of_one_dimension_still_draws_its_map() -> None:
    sink = trained(latent=1, steps=1, batch=8)
    points = sink.frames["latent"].layers[0].points
    np.testing.assert_array_equal(points[:, 0], points[:, 1])


def test_the_map_shows_the_dimensions_that_are_used_or_chosen() -> None:
    kl = torch.tensor([0.1, 2.0, 0.0, 5.0])
    assert shown_dimensions(Params(), kl) == [1, 3]
    assert shown_dimensions(Params(across=1), kl) == [0, 3]
    assert shown_dimensions(Params(across=4, up=64), kl) == [3, 3]


def test_each_picture_stands_above_what_comes_back_of_it() -> None:
    before, after = torch.arange(9.0).view(9, 1, 1), 100 + torch.arange(9.0).view(9, 1, 1)
    pairs = draw_pairs("again", before, after)
    assert pairs.pixels.flatten().tolist() == [*range(6), *range(100, 106)]
    assert draw_pairs("again", before[:2], after[:2]).pixels.flatten().tolist() == [0, 1, 100, 101]


def test_a_row_of_conditional_samples_is_one_code_in_all_classes() -> None:
    samples = trained(conditional=True, steps=1, batch=8).frames["samples"]
    assert samples.columns == 10
    assert len(samples.pixels) == 60
    assert samples.note == "0 to 9, one code in each row"


def test_a_high_price_collapses_the_code_and_the_page_says_so() -> None:
    bars = trained(size="8", beta=20, lr=0.01, steps=150, latent=4).frames["dimensions"]
    assert bars.note.startswith("Posterior collapse")
    assert len(bars.layers[1].x) == 4


def test_without_a_price_the_code_spends_freely() -> None:
    cheap = trained(draws=False, size="8", beta=0, steps=150, latent=4).scalars["loss/KL"][-1][1]
    dear = trained(draws=False, size="8", beta=4, steps=150, latent=4).scalars["loss/KL"][-1][1]
    assert cheap > 4 * dear


def test_the_sprites_page_tells_the_mutual_information_gap() -> None:
    assert "mutual information gap 0." in trained(data="sprites", steps=1, batch=8, latent=3).frames["dimensions"].note


def test_theory_stands_on_the_chart() -> None:
    bernoulli = trained(draws=False, steps=1, batch=8, size="8")
    assert bernoulli.truths["loss/reconstruction"][0] < bernoulli.scalars["loss/reconstruction"][0][1]
    gaussian = trained(draws=False, steps=1, batch=8, size="8", latent=10, likelihood="Gaussian")
    value, label = gaussian.truths["loss/held-out"]
    assert value == pytest.approx(-16.63, abs=0.005)
    assert label == "best linear model (pPCA) −16.6"


def test_two_processes_give_the_result_of_one(tmp_path: Path) -> None:
    words = ["run", "autoencoders.vae", "--steps", "5", "--set", "size=8", "--set", "batch=32", "--device", "cpu"]
    one, two = tmp_path / "one", tmp_path / "two"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=0", "--standalone"]
    assert program.main([*words, "--out", str(one)]) == 0
    subprocess.run([*torchrun, str(ROOT / "main.py"), *words, "--out", str(two)], check=True, capture_output=True)
    first, second = (load_file(out / "snapshots/000000005.safetensors") for out in (one, two))
    weights = [name for name in first if "model" in name]
    assert weights
    for name in weights:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-3, atol=1e-5)
