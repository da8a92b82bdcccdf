"""Training: the loss against torchmetrics, Adam against torch's, strategies against their papers, and a whole small run."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.api.errors import DataError
from engine.run.snapshots import Snapshot, read_snapshot, write_snapshot
from engine.run.tracked import copied
from engine.splats.adam import Adam, moments_of, plain_step
from engine.splats.album import read_album
from engine.splats.likeness import Judge, peak_ratio, similarity_map
from engine.splats.memory import PROGRAM, forecast, largest_budget, plan
from engine.splats.start import looked_at, starting_points
from engine.splats.strategies import Adc, Fixed, Mcmc, Moment, Population, absgrad, shared
from engine.splats.toy import LENS, Toy, make_toy
from engine.splats.training import Rates, Settings, Trainer, fresh_state, moved, train

NIGHT = (0.05, 0.06, 0.08)


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(points=300)


def trainer_of(toy: Toy, seed: int = 0, **changes: Any) -> Trainer:
    usual: dict[str, Any] = {"steps": 60, "strategy": Fixed(), "background": NIGHT}
    settings = Settings(**(usual | changes))
    return Trainer(toy.capture, settings, torch.Generator().manual_seed(seed), album=toy.album)


# Likeness -------------------------------------------------------------------------------------------------


def pictures(height: int = 23, width: int = 31) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    photo = torch.rand(height, width, 3, generator=rng)
    return (photo + 0.1 * torch.randn(height, width, 3, generator=rng)).clamp(0, 1), photo


def test_the_loss_and_its_derivative_are_the_plain_ones() -> None:
    picture, photo = pictures()
    quick = picture.clone().requires_grad_()
    found = Judge().compare(quick, photo, 0.3)
    found.loss.backward()
    plain = picture.double().requires_grad_()
    loss = 0.7 * (plain - photo.double()).abs().mean() + 0.3 * (1 - similarity_map(plain, photo.double()).mean())
    loss.backward()
    assert float(found.loss.detach()) == pytest.approx(float(loss.detach()), abs=1e-6)
    assert quick.grad is not None
    assert plain.grad is not None
    assert (quick.grad - plain.grad).norm() < 1e-5 * plain.grad.norm()


def test_the_scores_are_torchmetrics() -> None:
    from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

    picture, photo = pictures()
    first, second = (value.permute(2, 0, 1)[None] for value in (picture, photo))
    ssim = structural_similarity_index_measure(first, second, data_range=1.0)
    assert isinstance(ssim, torch.Tensor)
    assert Judge().score(picture, photo) == pytest.approx(float(ssim), abs=1e-5)
    assert peak_ratio(picture, photo) == pytest.approx(
        float(peak_signal_noise_ratio(first, second, data_range=1.0)), abs=1e-3
    )


def test_the_similarity_is_scikit_images() -> None:
    from skimage.metrics import structural_similarity

    picture, photo = (value.double().numpy() for value in pictures())
    options: dict[str, Any] = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(picture, photo, data_range=1.0, channel_axis=2, **options)
    assert Judge().compare(*pictures()).similarity == pytest.approx(expected, abs=1e-6)


def test_equal_pictures_are_alike_and_tiny_ones_are_refused() -> None:
    picture, _ = pictures()
    found = Judge().compare(picture, picture)
    assert (found.difference, float(found.loss)) == pytest.approx((0, 0), abs=1e-6)
    with pytest.raises(ValueError, match="too small"):
        Judge().compare(picture[:10], picture[:10])


# Adam -----------------------------------------------------------------------------------------------------


def test_adam_is_torchs() -> None:
    rng = torch.Generator().manual_seed(0)
    begin = torch.randn(3000, 2, generator=rng)
    quick, plain = {"a": begin.clone()}, begin.clone()
    other = torch.nn.Parameter(begin.clone())
    optimiser = torch.optim.Adam([other], 0.01, eps=1e-15)
    moments, mean, square = moments_of(quick), torch.zeros_like(begin), torch.zeros_like(begin)
    adam = Adam()
    for count in range(5):
        slope = torch.randn(3000, 2, generator=rng)
        quick["a"].grad = plain.grad = other.grad = slope
        adam.step(quick, moments, {"a": 0.01}, count)
        plain_step(plain, mean, square, 0.01, count)
        optimiser.step()
    torch.testing.assert_close(quick["a"], other.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(plain, other.detach(), rtol=1e-5, atol=1e-6)


# Strategies -----------------------------------------------------------------------------------------------


def population(toy: Toy, count: int = 100) -> Population:
    from engine.splats.scene import from_points

    scene = from_points(toy.capture.points[:count], toy.capture.colours[:count], 1)
    state = fresh_state(scene, 3)
    return Population(state["values"], state["moments"], state["statistics"])


def moment(step: int, budget: int = 1000) -> Moment:
    return Moment(step, 2.0, budget, 1e-4, torch.Generator().manual_seed(0))


def aligned(found: Population) -> bool:
    tables = (found.values, found.moments["first"], found.moments["second"], found.statistics)
    return {len(value) for table in tables for value in table.values()} == {len(found)}


@pytest.mark.parametrize("wide", [False, True])
def test_adc_clones_what_is_small_and_splits_what_is_large(toy: Toy, wide: bool) -> None:
    found = population(toy)
    found.values["log_scales"][:] = math.log(0.1 if wide else 0.001)
    found.statistics["slope"][:7] = 1.0
    found.statistics["seen"][:] = 1
    before = found.values["means"][:7].clone()
    Adc(start=1, every=1).refine(found, moment(1))
    assert len(found) == 107
    assert aligned(found)
    same = (found.values["means"][:, None] == before).all(2).sum()
    assert int(same) == (0 if wide else 14)
    if wide:
        assert float(found.values["log_scales"][-1, 0]) == pytest.approx(math.log(0.1 / 1.6), abs=1e-5)


def test_adc_prunes_what_is_clear_resets_and_keeps_to_its_budget(toy: Toy) -> None:
    found = population(toy)
    found.values["opacities"][:5] = -9.0
    found.statistics["slope"][10:] = torch.linspace(1, 2, 90)
    found.statistics["seen"][:] = 1
    Adc(start=1, every=1, reset_every=4).refine(found, moment(1, budget=110))
    assert len(found) == 105
    Adc(start=9, every=1, reset_every=4).refine(found, moment(4))
    assert float(found.alphas.max()) <= 0.0101


def test_short_runs_have_short_schedules() -> None:
    assert Adc().paced(30_000) == Adc()
    short = Adc().paced(3000)
    assert (short.start, short.stop, short.reset_every) == (100, 1500, 0)
    assert absgrad().paced(3000).grow == 8e-4
    assert Mcmc().paced(3000).stop == 2500


def test_short_runs_take_longer_steps() -> None:
    assert Rates().paced(30_000) == Rates() == Rates().paced(100_000)
    short = Rates().paced(2000)
    assert short.means == pytest.approx(1.6e-4 * 15**0.4)
    assert short.bands == pytest.approx(15 * 1.25e-4)
    assert short.opacities == Rates().opacities
    assert Rates().paced(1) == Rates().paced(10)


@pytest.mark.parametrize("copies", [1, 2, 7, 51])
def test_shared_gaussians_take_as_much_light_as_one(copies: int) -> None:
    alone = torch.tensor([0.02, 0.5, 0.97], dtype=torch.float64)
    each, narrower = shared(alone, torch.tensor([copies] * 3))
    torch.testing.assert_close(1 - (1 - each) ** copies, alone)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    one = (alone * torch.exp(-0.5 * x**2)).sum(0)
    many = (1 - (1 - each * torch.exp(-0.5 * (x / narrower) ** 2)) ** copies).sum(0)
    torch.testing.assert_close(many, one, rtol=1e-6, atol=0)


def test_mcmc_moves_the_dead_and_grows_to_its_budget(toy: Toy) -> None:
    found = population(toy)
    found.values["opacities"][:20] = -9.0
    strategy = Mcmc(start=1, every=1)
    strategy.refine(found, moment(1))
    assert len(found) == 105
    assert aligned(found)
    assert float(found.alphas.min()) >= 0.00499
    for step in range(2, 12):
        strategy.refine(found, moment(step, budget=130))
    assert len(found) == 130
    assert all(value.isfinite().all() for value in found.values.values())


# The whole ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [Fixed(), Adc(), absgrad(), Mcmc()], ids=["none", "adc", "absgrad", "mcmc"])
def test_a_scene_is_learnt(toy: Toy, strategy: Any) -> None:
    trainer = trainer_of(toy, strategy=strategy, steps=140, budget=900, coarse=1)
    before = [score.psnr for score in trainer.scores()]
    steps = list(train(trainer))
    after = [score.psnr for score in trainer.scores()]
    assert np.mean(after) > np.mean(before) + 4
    assert steps[-1].loss < steps[0].loss / 2
    assert len(trainer) <= 900


def test_it_resumes_bit_for_bit_through_a_file(toy: Toy, tmp_path: Any) -> None:
    changes: dict[str, Any] = {"strategy": Adc(start=5, every=5, stop=99), "background": None, "exposure": True}
    whole = trainer_of(toy, poses=True, **changes)
    for number in range(24):
        whole.step(number)
        if number == 11:
            state = {"state": copied(whole.state), "rng": whole.rng.get_state()}
            write_snapshot(tmp_path, Snapshot("x", 12, {}, state))
    half = trainer_of(toy, seed=1, poses=True, **changes)
    kept = read_snapshot(tmp_path / "snapshots" / "000000012", "x").state
    half.state = kept["state"]
    half.rng.set_state(kept["rng"])
    for number in range(12, 24):
        half.step(number)
    assert len(half) == len(whole)
    for table in ("values", "corrections", "statistics"):
        for name, value in whole.state[table].items():
            assert torch.equal(value, half.state[table][name]), name


def test_it_goes_on_with_fewer_photos(toy: Toy) -> None:
    trainer = trainer_of(toy, exposure=True)
    for number in range(3):
        trainer.step(number)
    trainer.album = dataclasses.replace(toy.album, learnt=toy.album.learnt[:-2])
    for number in range(3, 3 + len(trainer.album.learnt)):
        trainer.step(number)
    assert len(trainer.state["corrections"]["exposures"]) == len(trainer.album.learnt)


def test_exposure_takes_up_what_the_photos_differ_in(toy: Toy) -> None:
    pages = tuple(
        dataclasses.replace(
            page, sheets=tuple(dataclasses.replace(sheet, photo=sheet.photo // (1 + k % 2)) for sheet in page.sheets)
        )
        for k, page in enumerate(toy.album.learnt)
    )
    album = dataclasses.replace(toy.album, learnt=pages)
    losses = []
    for exposure in (False, True):
        trainer = trainer_of(toy, steps=100, exposure=exposure)
        trainer.settings = dataclasses.replace(
            trainer.settings, rates=dataclasses.replace(trainer.settings.rates, exposure=0.05)
        )
        trainer.album = album
        losses.append(np.mean([step.loss for step in train(trainer)][-20:]))
    assert losses[1] < 0.8 * losses[0]


def test_poses_find_back(toy: Toy) -> None:
    """With the true scene, only the poses are left to learn."""
    trainer = trainer_of(toy, steps=72, poses=True, degree=0, coarse=0)
    scene = fresh_state(toy.truth, 6)
    trainer.state = scene
    wrong = torch.tensor([0.01, -0.01, 0.01, 0.02, 0.01, -0.02])
    pages = tuple(
        dataclasses.replace(page, camera_from_world=moved(page.camera_from_world, wrong))
        for page in toy.album.learnt[:6]
    )
    trainer.album = dataclasses.replace(toy.album, learnt=pages)
    rates = dataclasses.replace(
        trainer.settings.rates,
        **dict.fromkeys(vars(trainer.settings.rates), 0.0),
    )
    trainer.settings = dataclasses.replace(trainer.settings, rates=dataclasses.replace(rates, poses=4e-3))
    first, *_, last = list(train(trainer))
    assert last.loss < 0.5 * first.loss


def test_masked_pixels_teach_nothing(toy: Toy) -> None:
    def masked(value: int) -> Trainer:
        trainer = trainer_of(toy, coarse=0)
        mask = np.full((LENS.height, LENS.width), 255, np.uint8)
        mask[:, :50] = 0
        pages = []
        for page in toy.album.learnt:
            photo = page.sheets[0].photo.copy()
            photo[:, :50] = value
            pages.append(
                dataclasses.replace(page, sheets=(dataclasses.replace(page.sheets[0], photo=photo, mask=mask),))
            )
        trainer.album = dataclasses.replace(toy.album, learnt=tuple(pages))
        for number in range(5):
            trainer.step(number)
        return trainer

    black, white = masked(0), masked(255)
    for name, value in black.state["values"].items():
        torch.testing.assert_close(value, white.state["values"][name], rtol=0, atol=0)


def test_without_points_it_begins_before_the_cameras(toy: Toy) -> None:
    bare = dataclasses.replace(toy.capture, points=np.zeros((0, 3), np.float32), colours=np.zeros((0, 3), np.uint8))
    assert np.linalg.norm(looked_at(bare) - [0, 0, 0.25]) < 0.1
    points, _ = starting_points(bare, 1.0, torch.Generator().manual_seed(0))
    assert np.abs(points - looked_at(bare)).max() <= 1.001


def test_too_few_photos_are_refused(toy: Toy) -> None:
    one = dataclasses.replace(toy.capture, photos=toy.capture.photos[:1])
    with pytest.raises(DataError, match="two are the least"):
        read_album(one)


def test_the_budget_that_fits_fits(toy: Toy) -> None:
    settings = Settings(degree=3)
    budget = largest_budget(toy.capture, settings, 2_000_000_000)
    assert forecast(toy.capture, dataclasses.replace(settings, budget=budget)).total <= 2_000_000_000
    assert forecast(toy.capture, dataclasses.replace(settings, budget=budget + 1)).total > 2_000_000_000
    assert largest_budget(toy.capture, settings, 0) == 0


def test_training_is_held_to_the_memory_that_is_free(toy: Toy) -> None:
    settings = Settings(budget=50_000)
    enough = plan(toy.capture, settings, free=4_000_000_000)
    assert (enough.budget, enough.asked) == (50_000, 50_000)
    assert "no room" not in enough.words
    scarce = plan(toy.capture, settings, free=20_000_000)
    assert 500 <= scarce.budget < 50_000
    assert scarce.forecast.total - PROGRAM <= 20_000_000
    assert "no room for 50,000" in scarce.words
    with pytest.raises(DataError, match="smaller scale"):
        plan(toy.capture, settings, free=100_000)
