"""The reference against its own derivatives and against geometry; the compiled rasteriser against the reference."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.geometry.cameras import Pinhole
from engine.splats import reference
from engine.splats.backends import Plain, choose_backend
from engine.splats.compiled import Rasteriser
from engine.splats.harmonics import harmonics
from engine.splats.scene import COEFFICIENTS, Gaussians
from engine.splats.viewpoint import Rendered, Style, Viewpoint

LENS = Pinhole(37, 26, 30.0, 31.0, 17.0, 14.0)
STYLE = Style(3, near=0.3)


def scene(n: int = 60, degree: int = 3, seed: int = 0, dtype: torch.dtype = torch.float64) -> Gaussians:
    rng = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    means = draw(n, 3) * torch.tensor([1.5, 1.0, 1.5]) + torch.tensor([0.0, 0.0, 3.0])
    made = Gaussians(means, draw(n, 3) * 0.6 - 1.9, draw(n, 4), 2 * draw(n), 0.3 * draw(n, COEFFICIENTS[degree], 3))
    return made.to(dtype=dtype)


def tilted(dtype: torch.dtype = torch.float64) -> Tensor:
    turn = torch.tensor([[0.0, -0.1, 0.2], [0.1, 0.0, 0.05], [-0.2, -0.05, 0.0]], dtype=torch.float64)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = torch.linalg.matrix_exp(turn)
    pose[:3, 3] = torch.tensor([0.1, -0.2, 0.5])
    return pose.to(dtype)


def one(depth: float = 2.0, scale: float = 0.1, alpha: float = 0.5, x: float = 0.0) -> Gaussians:
    """A round white Gaussian on the axis."""
    return Gaussians(
        torch.tensor([[x, 0.0, depth]], dtype=torch.float64),
        torch.full((1, 3), math.log(scale), dtype=torch.float64),
        torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64),
        torch.tensor([alpha], dtype=torch.float64).logit(),
        torch.full((1, 1, 3), 0.5 / 0.28209479177387814, dtype=torch.float64),
    )


# The reference --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("antialiased", [False, True])
def test_its_derivatives_hold(antialiased: bool) -> None:
    made, lens = scene(3, 1, seed=3), Pinhole(3, 2, 3.0, 3.0, 1.5, 1.0)
    inputs = [value.requires_grad_() for value in made.tensors().values()]
    inputs += [tilted().requires_grad_(), torch.rand(3, dtype=torch.float64, requires_grad=True)]
    inputs += [torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)]

    def picture(*values: Tensor) -> tuple[Tensor, ...]:
        view, style = Viewpoint(lens, values[5]), Style(1, antialiased, 0.3)
        found = reference.render(Gaussians(*values[:5]), view, style, values[6], values[7])
        return found.colour, found.depth, found.alpha

    assert torch.autograd.gradcheck(picture, inputs, eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_spherical_harmonics_are_orthonormal(degree: int) -> None:
    levels, weights = np.polynomial.legendre.leggauss(8)
    turns = np.arange(16) * 2 * np.pi / 16
    z, turn = (torch.from_numpy(value).flatten() for value in np.meshgrid(levels, turns, indexing="ij"))
    flat = (1 - z * z).sqrt()
    values = harmonics(torch.stack([flat * turn.cos(), flat * turn.sin(), z], 1), degree)
    area = torch.from_numpy(weights).repeat_interleave(16)[:, None] * 2 * np.pi / 16
    torch.testing.assert_close(values.T @ (values * area), torch.eye(COEFFICIENTS[degree], dtype=torch.float64))


def test_a_gaussian_lies_where_the_lens_puts_it_and_is_as_wide_as_it_says() -> None:
    view = Viewpoint(Pinhole(65, 65, 80.0, 80.0, 32.5, 32.5), torch.eye(4, dtype=torch.float64))
    alpha = reference.render(one(2.0, 0.1, 0.5), view).alpha
    assert float(alpha[32, 32]) == pytest.approx(0.5)
    variance = (80 * 0.1 / 2) ** 2 + 0.3
    assert float(alpha[32, 37]) == pytest.approx(0.5 * math.exp(-0.5 * 25 / variance), rel=1e-6)


def test_antialiasing_takes_as_much_opacity_as_the_blur_adds_area() -> None:
    view = Viewpoint(Pinhole(33, 33, 20.0, 20.0, 16.5, 16.5), torch.eye(4, dtype=torch.float64))
    narrow = (20 * 0.02 / 2) ** 2
    alpha = reference.render(one(2.0, 0.02, 0.9), view, Style(antialiased=True)).alpha
    assert float(alpha[16, 16]) == pytest.approx(0.9 * narrow / (narrow + 0.3), rel=1e-6)


# Both -----------------------------------------------------------------------------------------------------


def both(gaussians: Gaussians, view: Viewpoint, style: Style = STYLE) -> tuple[Rendered, ...]:
    plain = reference.render(gaussians.to(dtype=torch.float64), view, style)
    quick = Rasteriser().render(
        gaussians.to(dtype=torch.float32), Viewpoint(view.camera, view.camera_from_world.float()), style
    )
    return plain, quick


@pytest.mark.parametrize("depth", [-2.0, -0.02, 0.0, 0.29])
def test_what_lies_before_the_near_plane_never_reaches_the_picture(depth: float) -> None:
    view = Viewpoint(LENS, torch.eye(4, dtype=torch.float64))
    for found in both(one(depth, scale=3.0, alpha=0.99), view):
        assert float(found.alpha.abs().max()) == 0
        assert float(found.colour.abs().max()) == 0
        assert float(found.radii.max()) == 0


@pytest.mark.parametrize("depth", [0.31, 5.0])
def test_what_lies_behind_it_does(depth: float) -> None:
    view = Viewpoint(LENS, torch.eye(4, dtype=torch.float64))
    for found in both(one(depth, scale=0.5), view):
        assert float(found.alpha.max()) > 0.4


def test_the_weights_and_what_comes_through_sum_to_one() -> None:
    view = Viewpoint(LENS, tilted())
    found = reference.project(scene(), view, STYLE)
    pixels = torch.rand(50, 2, dtype=torch.float64) * 30
    weights, through = reference.weights_of(found, found.depths.argsort(), pixels)
    torch.testing.assert_close(weights.sum(1) + through, torch.ones(50, dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("antialiased", "degree", "n"), [(False, 3, 60), (True, 1, 60), (False, 0, 600), (True, 2, 600)]
)
def test_the_compiled_one_equals_it(antialiased: bool, degree: int, n: int) -> None:
    rng = torch.Generator().manual_seed(7)
    asked = [torch.randn(26, 37, 3, generator=rng), *(torch.randn(26, 37, generator=rng) for _ in range(2))]
    found = []
    for dtype, draw in ((torch.float64, reference.render), (torch.float32, Rasteriser().render)):
        values = [value.requires_grad_() for value in scene(n, degree, seed=n, dtype=dtype).tensors().values()]
        pose = tilted(dtype).requires_grad_()
        behind = torch.tensor([0.2, 0.5, 0.8], dtype=dtype, requires_grad=True)
        offsets = torch.zeros(n, 2, dtype=dtype, requires_grad=True)
        picture = draw(Gaussians(*values), Viewpoint(LENS, pose), Style(3, antialiased, 0.3), behind, offsets)
        loss = sum((part * weight.to(dtype)).sum() for part, weight in zip(parts(picture), asked, strict=True))
        loss.backward()
        found.append((parts(picture), [slope_of(value) for value in (*values, pose, behind, offsets)]))
    (plain, plain_slopes), (quick, quick_slopes) = found
    for expected, got in zip(plain, quick, strict=True):
        error = float((expected - got).detach().square().mean())
        assert -10 * math.log10(error) > 90
    for expected, got in zip(plain_slopes, quick_slopes, strict=True):
        assert (expected - got).norm() <= 1e-4 * expected.norm()


def slope_of(value: Tensor) -> Tensor:
    assert value.grad is not None
    return value.grad


def parts(found: Rendered) -> tuple[Tensor, Tensor, Tensor]:
    return found.colour, found.depth, found.alpha


def test_radii_agree() -> None:
    plain, quick = both(scene(), Viewpoint(LENS, tilted()))
    torch.testing.assert_close(quick.radii, plain.radii.float(), rtol=1e-4, atol=1e-4)


def test_absolute_derivatives_do_not_cancel() -> None:
    """Pixel by pixel in the reference; the compiled one sums as it goes."""
    lens, n = Pinhole(18, 3, 15.0, 15.0, 9.0, 1.0), 12
    made, view = scene(n, 0), Viewpoint(lens, tilted())
    asked = torch.randn(3, 18, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.zeros(n, 2, dtype=torch.float64)
    offsets = torch.zeros(n, 2, dtype=torch.float64, requires_grad=True)
    picture = (reference.render(made, view, STYLE, None, offsets).colour * asked).sum(2).flatten()
    for pixel in picture:
        expected += torch.autograd.grad(pixel, offsets, retain_graph=True)[0].abs()
    quick = torch.zeros(n, 2, requires_grad=True)
    single = Viewpoint(lens, tilted(torch.float32))
    found = Rasteriser().render(made.to(dtype=torch.float32), single, STYLE, None, quick, absolute=True)
    (found.colour * asked.float()).sum().backward()
    torch.testing.assert_close(slope_of(quick), expected.float(), rtol=2e-4, atol=1e-4)


def test_many_opaque_layers_end_a_tile_early_and_still_agree() -> None:
    made = scene(400, 0, seed=5)
    made = dataclasses.replace(made, opacities=made.opacities + 5, log_scales=made.log_scales + 1)
    plain, quick = both(made, Viewpoint(LENS, tilted()))
    assert -10 * math.log10((plain.colour - quick.colour).square().mean()) > 80
    assert float(quick.alpha.mean()) > 0.999


def test_it_gives_the_same_bits_again() -> None:
    rasteriser = Rasteriser()

    def slopes() -> list[Tensor]:
        values = [value.requires_grad_() for value in scene(3000, 1, dtype=torch.float32).tensors().values()]
        found = rasteriser.render(Gaussians(*values), Viewpoint(LENS, tilted(torch.float32)), STYLE)
        found.colour.square().sum().backward()
        return [found.colour.detach(), *(slope_of(value) for value in values)]

    for first, again in zip(slopes(), slopes(), strict=True):
        assert torch.equal(first, again)


@pytest.mark.parametrize("n", [0, 1])
def test_an_almost_empty_scene_shows_the_background(n: int) -> None:
    made = scene(3, 0, dtype=torch.float32)[:n]
    made = dataclasses.replace(made, means=made.means - 100)
    found = Rasteriser().render(made, Viewpoint(LENS, torch.eye(4)), STYLE, torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(found.colour, torch.tensor([0.1, 0.2, 0.3]).expand(26, 37, 3))


@pytest.mark.parametrize("name", ["means", "log_scales", "quaternions", "opacities"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 0.0, 1e30])
def test_numbers_that_make_no_sense_leave_the_rest_alone(name: str, wrong: float) -> None:
    made = scene(5, 0, dtype=torch.float32)
    made.tensors()[name][2] = wrong
    found = Rasteriser().render(made, Viewpoint(LENS, tilted(torch.float32)), STYLE)
    assert found.alpha.isfinite().all()


def test_two_pictures_may_wait_for_their_way_back() -> None:
    values = [value.requires_grad_() for value in scene(50, 0, dtype=torch.float32).tensors().values()]
    views = Viewpoint(LENS, tilted(torch.float32)), Viewpoint(LENS, torch.eye(4))
    rasteriser, each = Rasteriser(), []
    for view in views:
        loss = rasteriser.render(Gaussians(*values), view, STYLE).colour.sum()
        each.append(torch.autograd.grad(loss, values[0])[0])
    pictures = [rasteriser.render(Gaussians(*values), view, STYLE).colour for view in views]
    together = torch.stack(pictures).sum()
    torch.testing.assert_close(torch.autograd.grad(together, values[0])[0], each[0] + each[1])


def test_it_takes_single_precision_only() -> None:
    with pytest.raises(TypeError, match="float32"):
        Rasteriser().render(scene(3), Viewpoint(LENS, tilted(torch.float32)))


def test_a_backend_is_found_where_there_is_no_gpu() -> None:
    assert isinstance(choose_backend("cpu"), Rasteriser)
    assert Plain().render(scene(3), Viewpoint(LENS, tilted())).colour.shape == (26, 37, 3)


@pytest.mark.gpu
def test_gsplat_draws_what_the_reference_draws() -> None:
    pytest.importorskip("gsplat")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    from engine.splats.gsplat_backend import Gsplat

    made = dataclasses.replace(scene(), opacities=scene().opacities.clamp(max=3))
    plain = reference.render(made, Viewpoint(LENS, tilted()), STYLE)
    quick = Gsplat(torch.device("cuda")).render(
        made.to(dtype=torch.float32), Viewpoint(LENS, tilted(torch.float32)), STYLE
    )
    assert -10 * math.log10((plain.colour - quick.colour).square().mean()) > 45
