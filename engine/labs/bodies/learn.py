r"""Where does a body model come from? From **scans**: points on people's skin, with noise and holes, no two of them alike.

Three steps make a model of them.

## Register
Vertex $i$ of one template shall be the same place on every person. Each iteration looks for the scan near every vertex and solves

$$ \min_x\ \sum_i c_i \lVert x_i - y_i \rVert^2 + \mu \sum_m \lVert x_m - z_m \rVert^2
   + \alpha \sum_{ij} \lVert (x_i - x_j) - R_i (t_i - t_j) \rVert^2 . $$

$y_i$ is the foot on the scan's surface, $z_m$ a marker glued to the skin, and $R_i$ the turn of the template around $i$: limbs may turn for
nothing, and only bending costs. $\alpha$ falls from stiff to soft: **coarse to fine**. Where the nearest point lies *beside* a vertex there
is a hole, $c_i = 0$, and the template fills it in by its stiffness. It is now **{{registration/to the truth}}** mm from the true skin.

## Find the shapes
All bodies as rows, the mean taken off, then principal components: $T = \bar T + \sum_k \beta_k S_k$ (Loper et al. 2015, section 4.2). Is it
a model of *people*, or of those scanned? Only people held out tell. The dashed curve is what the same components would reach without any
error of registration; the gap between the two curves is the noise of scanning, in correspondences, and no more components remove it.

## Find joints and skin
Two people stood in several poses. Each painted part moves rigidly, about; a joint is the place that its part and its parent's carry along
alike, $\min_c \sum_p \lVert (R_j c + t_j) - (R_q c + t_q) \rVert^2$. Its regressor and each vertex's weights are least squares with
weights ≥ 0 and of sum one (Lawson & Hanson's NNLS).

**Try**: believe the holes, and look at their rims. Take the stiffness away. Scan four people, then forty: what falls? Raise the noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from jaxtyping import Float

from engine.api import (
    Axis,
    Bars,
    Choice,
    Frame,
    Line,
    Measured,
    Mesh,
    Plot,
    Points,
    Portrait,
    Scalar,
    Slider,
    View,
    check,
    lab,
)
from engine.bodies.layouts import SMPL
from engine.bodies.learning import blend, joint_centre, shape_basis, shape_errors, skinning_weights
from engine.bodies.picture import z_up
from engine.bodies.registration import (
    Scanner,
    Stage,
    coarse_template,
    register,
    stages,
    take_scan,
    vertex_turns,
)
from engine.bodies.survey import (
    FIXED,
    Skin,
    Work,
    errors_by_count,
    learn_shapes,
    make_survey,
    painted_parts,
    seam,
    skin_error,
    true_joints,
    true_weights,
)

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

COUNTS = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32])
COOL, WARM = np.array([0.74, 0.75, 0.78]), np.array([0.90, 0.25, 0.16])
JOINTS = tuple(name for name in SMPL.joints[1:] if SMPL.index(name) not in FIXED)


@dataclass
class Params:
    """What a person sets."""

    people: Annotated[int, Slider(3, 60, help="How many hidden people are scanned at rest")] = 24
    poses: Annotated[int, Slider(2, 20, help="In how many poses the first two of them are scanned again")] = 8
    noise: Annotated[float, Slider(0, 15, unit="mm", help="How far each point of a scan lies off the skin")] = 2.0
    holes: Annotated[int, Slider(0, 25, help="How many places of the skin each scan lacks")] = 6
    iterations: Annotated[int, Slider(6, 30, help="How many steps from stiff to soft each scan takes")] = 12
    softest: Annotated[
        float, Slider(0.05, 10, log=True, live=True, label="Stiffness at last", help="α in the last iteration")
    ] = 0.15
    direction: Annotated[
        int, Slider(1, 8, live=True, group="Look", help="Which principal direction of shape is shown")
    ] = 1
    amount: Annotated[
        float, Slider(-3, 3, live=True, unit="σ", group="Look", help="How far along it, in standard deviations")
    ] = 1.5
    skin: Annotated[
        str, Choice("learned", "painted", "true", live=True, group="Look", help="Which skinning weights are shown")
    ] = "learned"
    joint: Annotated[str, Choice(*JOINTS, live=True, group="Look", help="Whose skinning weights are shown")] = (
        "left_knee"
    )
    bug: Annotated[
        str,
        Choice(
            "none",
            "holes believed",
            "no stiffness",
            "mean not taken off",
            live=True,
            label="What if it were wrong",
            help="A usual mistake; the next scans and the next model have it",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 5000, log=True, help="How many iterations are made, over all scans")] = 480


def stage_of(p: Params, iteration: int) -> Stage:
    """How stiff the template is now; with a bug, not at all, or it believes every point."""
    now = stages(p.iterations, p.softest)[iteration]
    if p.bug == "no stiffness":
        return replace(now, stiffness=1e-3 * now.stiffness)
    return replace(now, believe_all=p.bug == "holes believed" and bool(now.reach))


@lab(
    title="A body model from scans",
    topic="bodies",
    source="Loper et al. 2015, sections 4.2 and 4.3; Sorkine & Alexa 2007; Amberg et al. 2007",
    summary="Bend one template onto noisy scans with holes, and learn shapes, joints and skin from it",
    portrait=Portrait("scan", steps=11),
    place=11,
    views=(
        View("scan", "Registration", "the template on a scan, red where it is off by 20 mm"),
        View("held-out", "People held out", "after two scans"),
        View("shapes", "Shape", "after three scans"),
        View("skin", "Skinning", "after the first poses"),
        View("joints", "Joints", "after the first poses"),
        View("registration", "How near", unit="mm", log=True),
    ),
    speed=25,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """An iteration a step."""
    scanner = Scanner(noise=1e-3 * p.noise, holes=p.holes)
    work = Work(make_survey(p.people, p.poses, ctx.seed), scanner, p.iterations, ctx.seed)
    ctx.track(at=work.at, done=work.done)
    ctx.draw_with(lambda: draw(p, ctx, work))
    for step in ctx.steps(min(p.steps, len(work.done) * p.iterations)):
        work.advance(step, stage_of(p, step % p.iterations))
        scan = work.scan(work.where(step)[0])
        yield Scalar("registration/to the truth", 1e3 * float(work.off(step).mean()))
        yield Scalar("registration/to the scan", 1e3 * float(np.median(scan.tree.query(work.at[::4])[0])))


# Pictures -------------------------------------------------------------------------------------------------------------


def draw(p: Params, ctx: Context, work: Work) -> Iterator[Frame]:
    """The pictures of the page."""
    rests, _ = work.finished(ctx.step)
    if ctx.due("scan"):
        yield from draw_scan(p, work, max(ctx.step - 1, 0))
    if ctx.due("held-out"):
        yield draw_held_out(p, work, rests)
    if ctx.due("shapes"):
        yield draw_shapes(p, work, rests)
    skin = work.skin(ctx.step) if ctx.due("skin") or ctx.due("joints") else None
    if ctx.due("skin"):
        yield draw_skin(p, work, skin)
    if ctx.due("joints"):
        yield draw_joints(work, skin)


def heat(values: Float[np.ndarray, " v"]) -> Float[np.ndarray, "v 3"]:
    """Grey at 0, red at 1."""
    return COOL + values.clip(0, 1)[:, None] * (WARM - COOL)


def draw_scan(p: Params, work: Work, step: int) -> Iterator[Frame]:
    """The scan, and the template on it, redder where it is off."""
    index, iteration = work.where(step)
    scan = work.scan(index)
    who = f"person {index + 1} of {p.people} at rest" if index < p.people else f"pose {index - p.people + 1}"
    yield Points("scan/points", z_up(scan.points[::3]), colour=1, size=1.5)
    yield Points("scan/markers", z_up(scan.markers), colour=2, size=4.0)
    off = work.off(step)
    note = f"{who}, iteration {iteration + 1}: {1e3 * off.mean():.1f} mm from the true skin"
    yield Mesh("scan/template", z_up(work.at), work.template.faces, heat(off / 0.02), note=note)


def draw_held_out(p: Params, work: Work, rests: Float[np.ndarray, "n v 3"]) -> Plot:
    """What is left of held-out people, against the number of directions."""
    if len(rests) < 2:
        return Plot("held-out", (), Axis("directions kept"), Axis("mean error", "mm"), note="after two scans")
    counts = COUNTS[len(rests) > COUNTS]
    learned = learn_shapes(rests, p.bug != "mean not taken off")
    found = 1e3 * errors_by_count(learned, work.held_out, counts)
    best = 1e3 * errors_by_count(learn_shapes(work.true[: len(rests)]), work.held_out, counts)
    noise = 1e3 * float(np.linalg.norm(rests - work.true[: len(rests)], axis=2).mean())
    x = counts.astype(float)
    layers = (
        Line(x, found, "learned from scans", 0, width=2.5),
        Line(x, best.clip(0.2), "from true bodies", 2, dashed=True),
        Line(np.array([0.0, x[-1]]), np.array([noise, noise]), "error of registration", 1, dashed=True),
    )
    note = f"{len(rests)} people, {found[-1]:.1f} mm with {counts[-1]} directions"
    return Plot("held-out", layers, Axis("directions kept"), Axis("mean error", "mm", (0.2, 80.0), log=True), note=note)


def draw_shapes(p: Params, work: Work, rests: Float[np.ndarray, "n v 3"]) -> Mesh:
    """The mean body, so many deviations along a direction, redder where that moves it more."""
    if len(rests) < 3:
        return Mesh(
            "shapes/body", z_up(work.template.rest), work.template.faces, note="the template; after three scans more"
        )
    learned = learn_shapes(rests, p.bug != "mean not taken off")
    which = min(p.direction, learned.directions.shape[2]) - 1
    along = learned.directions[..., which]
    moved = np.linalg.norm(along, axis=1)
    note = f"direction {which + 1}, {p.amount:+.1f} deviations; red moves {1e3 * moved.max():.0f} mm with each"
    return Mesh(
        "shapes/body", z_up(learned.mean + p.amount * along), work.template.faces, heat(moved / moved.max()), note=note
    )


def draw_skin(p: Params, work: Work, skin: Skin | None) -> Mesh:
    """The learned weights of a joint, or the true ones, and how well held-out poses are met with them."""
    all_weights = {"painted": np.eye(24)[painted_parts(work.template)], "true": true_weights(work.template)}
    if skin is not None:
        all_weights["learned"] = skin.weights
    off = {name: 1e3 * skin_error(work.survey, work.template, each) for name, each in all_weights.items()}
    which = p.skin if p.skin in all_weights else "painted"
    note = f"{which}; poses held out: " + ", ".join(f"{name} {error:.1f} mm" for name, error in off.items())
    weights = all_weights[which][:, SMPL.index(p.joint)]
    return Mesh("skin/body", z_up(work.true[0]), work.template.faces, heat(weights), note=note)


def draw_joints(work: Work, skin: Skin | None) -> Plot:
    """How far each joint is from the true one: where painted parts meet, as learned from motion, and regressed on others."""
    chosen, rest = [SMPL.index(name) for name in JOINTS], work.true[0]
    truth, parts = true_joints(work.survey.people[0]), painted_parts(work.template)
    seams = np.stack([seam(work.template, rest, parts, joint) for joint in chosen])
    x, short = np.arange(len(chosen), dtype=float), [name.replace("_", " ") for name in JOINTS]
    layers, note = [Bars(x - 0.2, 1e3 * np.linalg.norm(seams - truth[chosen], axis=1), "seam of the parts", 2, 0.4)], ""
    if skin is not None:
        own = 1e3 * np.linalg.norm(skin.joints - truth, axis=1)[chosen]
        others = np.stack([true_joints(person) for person in work.survey.held_out])
        away = 1e3 * np.linalg.norm(skin.regressor @ work.held_out - others, axis=2)[:, chosen]
        layers.append(Bars(x + 0.2, own, "from motion", 0, 0.4))
        note = f"regressed on people held out: {np.median(away):.0f} mm"
    ticks = tuple((float(k), short[k]) for k in range(0, len(chosen), 4))
    return Plot("joints", tuple(layers), Axis("", ticks=ticks), Axis("off by", "mm"), note=note)


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "a template on a posed scan with holes is near the true skin",
    tolerance=0.0,
    source="Amberg et al. 2007; as-rigid-as-possible: Sorkine & Alexa 2007",
    catches="a nearest point that is believed across a hole; a stiffness that forgets the turns",
)
def near(ctx: CheckContext) -> Measured:
    """The mean distance of vertices from where they belong, millimetres."""
    template, person = coarse_template(), make_survey(1, 1, ctx.seed).people[1]
    scan = take_scan(person.vertices, template, Scanner(holes=25), ctx.numpy_rng)
    away = register(template, scan, stages(10)) - person.vertices[template.kept]
    return Measured(15.0, 1e3 * float(np.linalg.norm(away, axis=1).mean()), "at most")


@check(
    "turning costs nothing",
    tolerance=1e-9,
    source="Sorkine & Alexa 2007: Σ ‖(x_i − x_j) − R_i (t_i − t_j)‖² = 0 for a rigid motion",
    catches="turns that are transposed",
)
def rigid(ctx: CheckContext) -> Measured:
    """The stiffness energy of the template, turned and shifted."""
    from engine.bodies.turns import matrices_of

    template = coarse_template()
    moved = template.rest @ matrices_of(ctx.numpy_rng.normal(0, 1, 3)).T + 1.0
    turns = vertex_turns(template, moved)
    i, j = template.edges.T
    wanted = (turns[i] @ (template.rest[i] - template.rest[j])[..., None])[..., 0]
    return Measured(0.0, float(((moved[i] - moved[j] - wanted) ** 2).sum()))


@check(
    "the error of people held out falls with the directions kept",
    tolerance=0.0,
    source="curriculum B11; the subspaces are nested, and the first directions hold most of it",
    catches="directions in the wrong order",
)
def falls(ctx: CheckContext) -> Measured:
    """The error with three directions, learned from scans, as a share of that with none; a curve that rises counts as one."""
    template, survey = coarse_template(), make_survey(5, 1, ctx.seed)
    scans = [take_scan(each.vertices, template, Scanner(4000), ctx.numpy_rng) for each in survey.people[:5]]
    bodies = np.stack([register(template, scan, stages(5)) for scan in scans])
    others = np.stack([person.vertices for person in survey.held_out[:4]])[:, template.kept]
    mean = bodies.mean(0)
    errors = [float(np.linalg.norm(others - mean, axis=2).mean())]
    errors += [float(shape_errors(others, mean, shape_basis(bodies, mean, count)).mean()) for count in (1, 2, 3)]
    return Measured(0.35, 1.0 if (np.diff(errors) > 1e-4).any() else errors[-1] / errors[0], "at most")


@check(
    "joints and weights are found again from exact motion",
    tolerance=1e-6,
    source="linear blend skinning is linear in the weights, and a joint is fixed in both parts",
    catches="shifts that are taken before the turn",
)
def exact(ctx: CheckContext) -> Measured:
    """The largest error of a joint's place (metres) or of a weight."""
    from engine.bodies.turns import matrices_of

    rng = ctx.numpy_rng
    turns, centre = matrices_of(rng.normal(0, 0.6, (9, 2, 3))), rng.normal(size=3)
    shifts = rng.normal(size=(9, 2, 3))
    shifts[:, 1] = (turns[:, 0] - turns[:, 1]) @ centre + shifts[:, 0]
    found = joint_centre((turns[:, 0], shifts[:, 0]), (turns[:, 1], shifts[:, 1]), np.zeros(3), damping=1e-12)
    rest, weights = rng.normal(size=(20, 3)), rng.dirichlet(np.ones(2), 20)
    posed = blend(rest, weights, (turns, shifts))
    solved = skinning_weights(rest, posed, (turns, shifts), np.ones((20, 2), bool))
    return Measured(0.0, float(max(np.abs(found - centre).max(), np.abs(solved - weights).max())))
