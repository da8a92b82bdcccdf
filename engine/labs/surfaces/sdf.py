r"""A surface can be a function: the **signed distance** $f(x)$ from $x$ to it, negative inside.

The surface is where $f$ is zero, and a small network holds the whole shape in its weights.

$$ \mathcal{S} = \{x : f_\theta(x) = 0\}, \qquad \lVert \nabla f(x) \rVert = 1, \qquad n(x) = \nabla f(x) $$

The middle equation, the **eikonal equation**, is what makes $f$ a distance: walk one metre away from the surface, and $f$ grows by one.

## From distances
Where the shape is known as a closed mesh or a formula, the true distance $d(x)$ can be computed anywhere, and $f_\theta$ is fitted to it:

$$ L = \frac1n \sum_i \lvert f_\theta(x_i) - d(x_i) \rvert $$

## From points alone
A scanner gives points on the surface, and perhaps their normals $n_i$. Then nobody knows $d$, but the eikonal equation fills the space
between: of all functions that vanish on the points, the one with slope one everywhere is the distance.

$$ L = \frac1n \sum_i \lvert f_\theta(p_i) \rvert
     + \lambda\, \mathbb{E}_x \big(\lVert \nabla f_\theta(x) \rVert - 1\big)^2
     + \mu \,\frac1n \sum_i \lVert \nabla f_\theta(p_i) - n_i \rVert $$

With $\lambda = ${{eikonal}} the slope is now off by **{{slope/median}}** in the median, and $f_\theta$ off by **{{error/distance}}** in
the mean. Of a cloud without normals at least the size of $d$ is known, and $\big\lvert\lvert f_\theta\rvert - \lvert d\rvert\big\rvert$ is
added; which side is inside stays a guess (Atzmon & Lipman 2020, arXiv:1911.10414). Set
$\lambda$ to zero and watch the slice: the zero line stays, the rings around it tear.

## The network
A **SIREN** is a multi-layer perceptron whose activation is $\sin(\omega x)$. It follows sharp detail, and its gradient is as smooth as
itself. The other choice, soft rectifiers, begins as a sphere and bends it slowly into the shape.

## Seeing it: marching cubes
The field is sampled on an $N^3$ grid. Each cube of eight samples has $2^8$ patterns of inside and outside, and each pattern has its
triangles; the vertices are found on the cube's edges by linear interpolation. A closed surface comes out closed: for every sphere-like
part $V - E + F = 2$. A chord of length $h$ leaves an arc of radius $r$ by at most about $h^2/8r$, so twice the resolution, a quarter of
the error.

**Try**: move the slice through the shape; switch from distances to points; drop a mesh or a scan of your own on the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from engine.api import (
    Axis,
    Choice,
    Contour,
    Drawn,
    File,
    Frame,
    Heat,
    Measured,
    Mesh,
    Plot,
    Points,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Table,
    Toggle,
    View,
    check,
    lab,
)
from engine.api.params import MESH_SUFFIXES
from engine.geometry.distance import signed_distance
from engine.geometry.marching import euler_characteristic, is_watertight, marching_cubes
from engine.geometry.meshes import Surface, read_surface, sample_surface
from engine.geometry.shapes import SHAPES, box, grid, sphere, torus
from engine.nn.fields import FromSphere, floats, sampled, siren, softplus_field, value_and_gradient

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

LOW, HIGH = np.full(3, -1.0), np.full(3, 1.0)
SURFACE_SAMPLES, SPACE_SAMPLES = 20_000, 20_000
SLICE = 96


@dataclass
class Params:
    """What a person sets."""

    shape: Annotated[str, Choice("torus", "links", "box", "sphere", help="The surface that the network learns")] = (
        "links"
    )
    mesh: Annotated[
        str,
        File(*MESH_SUFFIXES, kind="mesh", label="Own mesh", help="Learn this mesh or point cloud instead of the shape"),
    ] = ""
    learn: Annotated[
        str, Choice("distances", "points", help="Fit true distances, or only points on the surface and slope one")
    ] = "distances"
    network: Annotated[
        str, Choice("siren", "softplus", help="Sine layers, or soft rectifiers that begin as a sphere")
    ] = "siren"
    width: Annotated[int, Slider(16, 256, log=True, help="Units in a layer: more hold finer detail, and cost more")] = (
        64
    )
    depth: Annotated[int, Slider(1, 6, help="Hidden layers")] = 3
    omega: Annotated[float, Slider(1, 60, help="Frequency of the SIREN: high follows detail, and noise")] = 15.0
    batch: Annotated[int, Slider(256, 8192, log=True, help="Points in a step")] = 2048
    lr: Annotated[float, Slider(1e-5, 1e-2, log=True, live=True, label="Learning rate", help="Step length of Adam")] = (
        1e-3
    )
    eikonal: Annotated[
        float, Slider(0, 2, live=True, label="Eikonal λ", help="How strongly the slope is held at one everywhere")
    ] = 0.1
    normal: Annotated[
        float, Slider(0, 2, live=True, label="Normals μ", help="How strongly ∇f must be the given normal")
    ] = 0.5
    resolution: Annotated[
        int, Slider(8, 128, live=True, group="Look", help="Samples along an axis of the grid for marching cubes")
    ] = 48
    height: Annotated[
        float, Slider(-1, 1, live=True, group="Look", label="Slice height", help="Where the slice cuts the shape")
    ] = 0.0
    normals: Annotated[
        bool, Toggle(live=True, group="Look", label="Show normals", help="Colour the surface by its normal ∇f")
    ] = True
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many steps it learns")] = 1500


@dataclass(frozen=True)
class Target:
    """What is learned: points on the surface with their normals, points in space with their true distances.

    Of a cloud nobody knows which side is inside: its distances have no sign, and it can be learned from points alone.
    """

    on: Float[Tensor, "n 3"]
    normals: Float[Tensor, "n 3"]
    space: Float[Tensor, "m 3"]
    truth: Float[Tensor, " m"]
    note: str
    distance: Callable[[np.ndarray], np.ndarray]
    signed: bool


def extract(values: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """The zero surface of a field sampled on `grid(resolution)`."""
    return marching_cubes(values.reshape((resolution,) * 3), LOW, HIGH)


def prepare(p: Params, rng: np.random.Generator) -> Target:
    """Samples the shape, or the person's own. Half of the points in space lie close to the surface. Raises DataError."""
    if p.mesh:
        surface = read_surface(Path(p.mesh))
        distance: Callable[[np.ndarray], np.ndarray] = partial(signed_distance, surface)
    else:
        distance = SHAPES[p.shape]
        surface = Surface(*extract(distance(grid(96)), 96), note="exact distance")
    on, normals = sample_surface(surface, SURFACE_SAMPLES, rng)
    near = on[: SPACE_SAMPLES // 2] + rng.normal(0, 0.05, (SPACE_SAMPLES // 2, 3))
    space = np.concatenate([near, rng.uniform(-1, 1, (SPACE_SAMPLES // 2, 3))])
    truth = torch.from_numpy(distance(space).astype(np.float32))
    return Target(floats(on), floats(normals), floats(space), truth, surface.note, distance, not surface.is_cloud)


def make_field(p: Params) -> nn.Module:
    """The network that becomes the shape."""
    return (
        FromSphere(siren(3, p.width, p.depth, p.omega)) if p.network == "siren" else softplus_field(3, p.width, p.depth)
    )


def slope_loss(gradient: Float[Tensor, "n 3"]) -> Float[Tensor, ""]:
    """The eikonal term: how far the slope is from one."""
    return (gradient.norm(dim=-1) - 1).square().mean()


def errors(field: nn.Module, target: Target, device: torch.device) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Mean |f − d| over the space, in metres, and the median of |‖∇f‖ − 1|, both on points near the surface and far."""
    value, gradient = value_and_gradient(field, target.space[::8].to(device))
    truth = target.truth[::8].to(device)
    value = value if target.signed else value.abs()
    return (value - truth).abs().mean(), (gradient.norm(dim=-1) - 1).abs().median()


@lab(
    title="Signed distance field",
    topic="surfaces",
    place=4,
    source="Park et al. 2019, arXiv:1901.05103; Gropp et al. 2020, arXiv:2002.10099; Sitzmann et al. 2020, arXiv:2006.09661",
    summary="A network whose zero set is a shape, and the mesh that marching cubes takes out of it",
    portrait=Portrait("scene", steps=800),
    views=(
        View("scene", "Surface", "drag to turn, wheel to come closer"),
        View("slice", "Slice", "rings of equal distance; move the slice height"),
        View("loss", "Loss", log=True),
        View("error", "Error of the distance", unit="m", log=True),
        View("slope", "Error of the slope", "how far the slope is from one", log=True),
        View("mesh", "Marching cubes", "what the grid gives"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Fits the field; draws its zero surface, a slice through it, and the mesh's figures."""
    target = prepare(p, ctx.numpy_rng)
    has_normals = bool(target.normals.any())
    field = make_field(p).to(ctx.device)
    optimiser = torch.optim.Adam(field.parameters(), lr=p.lr)
    ctx.track(field=field, optimiser=optimiser)
    ctx.draw_with(lambda: draw(p, ctx, field, target))
    for step in ctx.steps(p.steps):
        rows = torch.randint(len(target.space), (p.batch,), generator=ctx.rng)
        here = torch.randint(len(target.on), (p.batch,), generator=ctx.rng)
        space, on = target.space[rows].to(ctx.device), target.on[here].to(ctx.device)
        if p.learn == "distances" and target.signed:
            loss = (field(space).squeeze(-1) - target.truth[rows].to(ctx.device)).abs().mean()
            yield Scalar("loss/distance", loss)
        else:
            value, gradient = value_and_gradient(field, on, train=True)
            around, around_gradient = value_and_gradient(field, space, train=True)
            slope = slope_loss(around_gradient)
            loss = value.abs().mean() + p.eikonal * slope
            yield Scalar("loss/points", value.abs().mean())
            yield Scalar("loss/eikonal", slope)
            if has_normals:
                turned = (gradient - target.normals[here].to(ctx.device)).norm(dim=-1).mean()
                loss = loss + p.normal * turned
                yield Scalar("loss/normals", turned)
            elif not target.signed:
                size = (around.abs() - target.truth[rows].to(ctx.device)).abs().mean()
                loss = loss + size
                yield Scalar("loss/size", size)
        for group in optimiser.param_groups:
            group["lr"] = p.lr * min(1.0, 2 * (1 - step / p.steps) + 0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0 or step == p.steps - 1:
            distance, slope = errors(field, target, ctx.device)
            yield Scalar("error/distance", distance)
            yield Scalar("slope/median", slope)


def draw(p: Params, ctx: Context, field: nn.Module, target: Target) -> Iterator[Drawn]:
    """The pictures of the page."""
    if ctx.due("slice"):
        yield draw_slice(p, ctx, field, target)
    if ctx.due("scene"):
        vertices, triangles = extract(sampled(field, grid(p.resolution), ctx.device), p.resolution)
        normals = value_and_gradient(field, floats(vertices).to(ctx.device))[1] if len(vertices) else torch.zeros(0, 3)
        unit = nn.functional.normalize(normals, dim=-1)
        yield Mesh("scene/surface", vertices, triangles, (unit + 1) / 2 if p.normals else None, note=target.note)
        yield Points("scene/samples", target.on[:: SURFACE_SAMPLES // 400], colour=1, size=2.0)
        yield mesh_table(vertices, triangles, p.resolution, target)


def draw_slice(p: Params, ctx: Context, field: nn.Module, target: Target) -> Plot:
    """The field on a horizontal plane, with its zero line, and the true one."""
    axis = np.linspace(-1, 1, SLICE)
    x, y = np.meshgrid(axis, axis)
    plane = np.stack([x, y, np.full_like(x, p.height)], -1).reshape(-1, 3)
    values = sampled(field, plane, ctx.device).reshape(SLICE, SLICE)
    extent = (-1.0, 1.0, -1.0, 1.0)
    near = target.on[(target.on[:, 2] - p.height).abs() < 0.02][:300, :2]
    true = target.distance(plane).reshape(SLICE, SLICE)
    layers = (
        Heat(values, extent, "diverging", range=(-0.6, 0.6), legend="distance in m"),
        Contour(values, extent, levels=(-0.2, -0.1, 0.1, 0.2, 0.3, 0.4), colour=7, width=0.7),
        Contour(true, extent, label="true surface", colour=2, width=3)
        if target.signed
        else Scatter(near, label="points", colour=2),
        Contour(values, extent, label="f = 0", colour=4, width=1.5),
    )
    return Plot("slice", layers, Axis("x", "m"), Axis("y", "m"), equal=True, note=f"z = {p.height:.2f} m")


def mesh_table(vertices: np.ndarray, triangles: np.ndarray, resolution: int, target: Target) -> Table:
    """What marching cubes made, beside what theory says of its error."""
    off = np.abs(target.distance(vertices[:: max(1, len(vertices) // 2000)])).max() if len(vertices) else float("nan")
    rows = (
        ("grid", f"{resolution}³ = {resolution**3:,} samples"),
        ("spacing h", 2 / (resolution - 1)),
        ("vertices", len(vertices)),
        ("triangles", len(triangles)),
        ("V − E + F", euler_characteristic(triangles)),
        ("watertight", "yes" if is_watertight(triangles) else "no"),
        ("farthest off, m" if target.signed else "farthest from a point, m", float(off)),
    )
    return Table("mesh", ("of the mesh", "now"), rows)


# Proofs: quick runs of a torus; measured over seeds 0, 1, 2 beside each bound ------------------------------------------------

QUICK = {"shape": "torus", "batch": 1024, "omega": 8.0, "eikonal": 0.3}


@check(
    "learned from distances, f is the distance",
    tolerance=0.0,
    source="curriculum S4",
    catches="distances without their sign",
)
def supervised(ctx: CheckContext) -> Measured:
    """Mean |f − d| in metres, of a shape 1.5 m across."""
    field = ctx.train(**QUICK, steps=300).tracked["field"]
    points = ctx.numpy_rng.uniform(-1, 1, (4000, 3))
    return Measured(0.005, float(np.abs(sampled(field, points, ctx.device) - torus(points)).mean()), "at most")


@check(
    "learned from points alone, f is the distance",
    tolerance=0.0,
    source="Gropp et al. 2020, arXiv:2002.10099",
    catches="normals that point inwards",
)
def from_points(ctx: CheckContext) -> Measured:
    """Mean |f − d| in metres, though no distance was ever shown."""
    field = ctx.train(**QUICK, steps=300, learn="points").tracked["field"]
    points = ctx.numpy_rng.uniform(-1, 1, (4000, 3))
    return Measured(0.015, float(np.abs(sampled(field, points, ctx.device) - torus(points)).mean()), "at most")


@check(
    "the slope is one: the eikonal equation holds",
    tolerance=0.0,
    source="Gropp et al. 2020, arXiv:2002.10099, eq. 2",
    catches="an eikonal term that pulls the slope to another value",
)
def slope(ctx: CheckContext) -> Measured:
    """The median of |‖∇f‖ − 1|, of the live field or of a quick run from points."""
    field = ctx.live.get("field")
    if field is None:
        field = ctx.train(**QUICK, steps=300, learn="points").tracked["field"]
    points = floats(ctx.numpy_rng.uniform(-0.9, 0.9, (4000, 3))).to(ctx.device)
    gradient = value_and_gradient(field, points)[1]
    return Measured(0.05, float((gradient.norm(dim=-1) - 1).abs().median()), "at most")


@check(
    "∇f by differentiation equals central differences",
    tolerance=1e-7,
    source="float64, step 1e-5",
    catches="a factor lost in ∇f",
)
def normals(ctx: CheckContext) -> Measured:
    """The largest difference over 200 places, in a fresh SIREN."""
    field = make_field(Params()).double()
    points = torch.from_numpy(ctx.numpy_rng.uniform(-0.9, 0.9, (200, 3)))
    gradient = value_and_gradient(field, points)[1]
    with torch.no_grad():
        shifts = 1e-5 * torch.eye(3, dtype=torch.float64)
        central = torch.stack([(field(points + s) - field(points - s)).squeeze(-1) / 2e-5 for s in shifts], -1)
    return Measured(0.0, float((gradient - central).abs().max()))


@check(
    "marching cubes: the vertices of a sphere lie within h²/r of it",
    tolerance=0.0,
    source="chord and arc; curriculum S5",
    catches="vertices at the middle of their edges instead of where f = 0",
)
def vertex_error(ctx: CheckContext) -> Measured:
    """The farthest vertex on a 64³ grid, in metres."""
    vertices, _ = extract(sphere(grid(64)), 64)
    h, r = 2 / 63, 0.6
    return Measured(h * h / r, float(np.abs(np.linalg.norm(vertices, axis=1) - r).max()), "at most")


@check(
    "marching cubes: a sphere has V − E + F = 2, and no hole",
    tolerance=0.0,
    source="Euler 1758",
    catches="two cubes that cut their common face differently",
)
def closed(ctx: CheckContext) -> Measured:
    """The Euler characteristic of a sphere; of a noise field, only that it is closed."""
    _, triangles = extract(sphere(grid(64)), 64)
    noise = np.pad(ctx.numpy_rng.normal(size=(12, 12, 12)), 1, constant_values=1.0)
    tight = is_watertight(triangles) and is_watertight(extract(noise.ravel(), 14)[1])
    return Measured(2.0, float(euler_characteristic(triangles)) if tight else float("nan"))


@check(
    "the distance to a mesh is exact, inside and out",
    tolerance=1e-12,
    source="a cube, whose distance has a closed form",
    catches="the sign taken from the face's normal at an edge or a corner",
)
def mesh_distance(ctx: CheckContext) -> Measured:
    """The largest difference from a cube's formula, plus the share of wrong signs around a sheared cube with its sharp edges."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    points = ctx.numpy_rng.uniform(-1, 1, (2000, 3))
    exact = box(points, half=0.5, radius=0.0)
    difference = np.abs(signed_distance(Surface(corners, triangles), points) - exact).max()
    shear = np.array([[1.0, 0.0, 1.5], [0.0, 1.0, 1.5], [0.0, 0.0, 1.0]])
    signs = np.sign(signed_distance(Surface(corners @ shear.T, triangles), points @ shear.T))
    return Measured(0.0, float(difference + (signs != np.sign(exact)).mean()))
