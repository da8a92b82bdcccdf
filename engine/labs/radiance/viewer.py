r"""A scene of Gaussians from a file, looked at, edited and given away.

A **3-D Gaussian** is a soft ellipsoid: a place $\mu$, a covariance $\Sigma = R\,\mathrm{diag}(s^2)\,R^\top$ from a rotation and
three scales, an opacity and a colour. Seen by a camera each becomes an ellipse; sorted by depth they are blended front to back,

$$ C = \sum_i c_i\,\alpha_i \prod_{j<i} (1 - \alpha_j), \qquad \alpha_i = o_i\, e^{-\frac12 (x-\mu_i')^\top \Sigma_i'^{-1} (x-\mu_i')} . $$

The colour may depend on the direction: each channel is a sum of **spherical harmonics**, and a scene that is turned must turn these
along. A move by $x \mapsto s R x + t$ sends $\mu$ to $sR\mu + t$, $\Sigma$ to $s^2 R \Sigma R^\top$, and the harmonics of each
degree through a matrix of their own.

An edit is a record in a list; undo is one fewer, redo one more, and the file on the disk stays as it is until you export. After an
**export** the file is read back and both scenes are pictured from three sides: the table says how much was lost.

**Try**: drop a PLY, SPZ or SPLAT file here. Turn the scene (by {{turn}}° now) with the bug *colours stay behind*, and watch its
sheen run over it.

Kerbl et al. 2023, arXiv:2308.04079; formats: PlayCanvas (compressed PLY), Niantic (SPZ), Khronos (KHR_gaussian_splatting).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from engine.api import Button, Choice, DataError, File, Frame, Measured, Record, Slider, Table, Text, View, check, lab
from engine.api.splat_edits import Edit, edits_from_text, words_of
from engine.api.words import number, size
from engine.raster import Orbit
from engine.splats.edit import apply_edit, moved
from engine.splats.exports import decibels, export_scene, picture
from engine.splats.files.formats import FORMATS, read_scene
from engine.splats.files.moment import SUFFIX, read_moment
from engine.splats.frames import frame_of, knot, upright
from engine.splats.scene import Gaussians

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

READ = tuple(entry.suffix for entry in FORMATS if entry.read is not None and entry.suffix.count(".") == 1)
WRITTEN = tuple(entry.suffix for entry in FORMATS)
BUGS = ("none", "colours stay behind", "shapes stay behind")


@dataclass
class Params:
    """What a person sets."""

    file: Annotated[
        str, File(*READ, SUFFIX, kind="scene", help="A scene of Gaussians; none shows a knot made of 4,000")
    ] = ""
    up: Annotated[str, Choice("-y", "y", "z", label="Up in the file", help="Which of the file's axes points up")] = "-y"
    edits: Annotated[str, Record(kind="edits", live=True, help="What was done to the scene, in order")] = ""
    turn: Annotated[
        float, Slider(-180, 180, live=True, unit="°", label="Turned by", help="Turns the scene about its vertical")
    ] = 0.0
    bug: Annotated[
        str,
        Choice(*BUGS, live=True, label="What if it were wrong", help="Leaves something out when the scene is turned"),
    ] = "none"
    save_as: Annotated[
        str,
        File(*WRITTEN, kind="scene", live=True, group="Export", help="Where an export goes; the ending is the format"),
    ] = ""
    save: Annotated[
        int, Button(live=True, label="Export", group="Export", help="Writes the scene, reads it back and compares")
    ] = 0


class Shown:
    """A scene from a file and what the edits so far have made of it; a longer list goes on from there, a shorter one from the file."""

    def __init__(self, file: str, up: str, seed: int) -> None:
        self.notes: tuple[str, ...] = ()
        self.title, self.bytes, self._up = "A knot", 0, up
        original = knot(seed=seed)
        if file.endswith(SUFFIX):
            original, self.title = read_moment(Path(file)), "What was trained"
        elif file:
            loaded = read_scene(Path(file))
            original, self.notes, self.title = loaded.gaussians, loaded.notes, Path(file).name
            self.bytes = Path(file).stat().st_size
        self.original = original
        self._first = upright(original, up)
        self._edits: tuple[Edit, ...] = ()
        self.now = self._first
        self.refused: tuple[str, ...] = ()

    def follow(self, text: str) -> bool:
        """Applies a list of edits; one that cannot be applied is passed over and said. Returns whether anything changed."""
        edits = edits_from_text(text)
        if edits == self._edits:
            return False
        if edits[: len(self._edits)] != self._edits:
            self.now, self._edits, self.refused = self._first, (), ()
        for edit in edits[len(self._edits) :]:
            try:
                self.now = apply_edit(self.now, edit)
            except DataError as error:
                self.refused += (str(error),)
        self._edits = edits
        return True

    def as_filed(self) -> Gaussians:
        """The scene by the axes of its file; to the bit as it was where nothing was edited."""
        return upright(self.now, self._up, back=True) if self._edits else self.original

    def facts(self) -> Table:
        """What there is to know of it."""
        low, high = np.quantile(self.now.means.numpy(), (0.02, 0.98), axis=0)
        rows = [
            ("Scene", self.title),
            ("Gaussians", f"{len(self.now):,}"),
            ("Harmonics", f"degree {self.now.sh_degree}"),
            ("Extent", " × ".join(number(float(side), 2) for side in high - low) + " m"),
        ]
        rows += [("File", size(self.bytes))] if self.bytes else []
        rows += [("Note", note) for note in self.notes] + [("Edit", words_of(edit)) for edit in self._edits]
        return Table("facts", ("What", "Value"), tuple(rows))


def turned(scene: Gaussians, degrees: float, bug: str) -> Gaussians:
    """The scene turned about z through its middle; a bug leaves colours or shapes as they were."""
    rotation = Rotation.from_euler("z", degrees, degrees=True).as_matrix()
    middle = scene.means.mean(0).double().numpy()
    right = moved(scene, rotation, middle - rotation @ middle, 1.0)
    sh = scene.sh if bug == "colours stay behind" else right.sh
    quaternions = scene.quaternions if bug == "shapes stay behind" else right.quaternions
    return Gaussians(right.means, right.log_scales, quaternions, right.opacities, sh)


@lab(
    title="Splat viewer",
    topic="radiance",
    place=8,
    source="Kerbl et al. 2023, 3D Gaussian splatting",
    summary="Open a scene of Gaussians, edit it, and see what each file format loses",
    views=(
        View("scene", "Scene", "drag to turn, wheel to come closer", wide=True),
        View("facts", "The scene"),
        View("export", "Export", "press Export: the file is read back and compared"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Shows the scene, and answers edits and exports."""
    shown = Shown(p.file, p.up, ctx.seed)
    for note in shown.notes:
        ctx.say(note)
    saved, report = 0, Text("export", "Nothing was exported yet.")
    for _ in ctx.explore():
        if shown.follow(p.edits):
            for sentence in shown.refused[-1:]:
                ctx.say(sentence)
        if p.save > saved:
            saved = p.save
            report = Text("export", _export(shown, p.save_as))
        if ctx.due("scene"):
            yield frame_of("scene/Gaussians", turned(shown.now, p.turn, p.bug) if p.turn else shown.now)
        if ctx.due("facts"):
            yield shown.facts()
        if ctx.due("export"):
            yield report


def _export(shown: Shown, path: str) -> str:
    """Exports, and says what became of it, as Markdown."""
    if not path:
        return "Choose where the export goes first."
    try:
        report = export_scene(Path(path), shown.as_filed())
    except DataError as error:
        return f"**Not exported.** {error}"
    views = [f"- view {index}: {loss:.1f} dB" for index, loss in enumerate(report.losses, 1) if np.isfinite(loss)]
    return "\n".join([f"**Exported** as {report.title}.", "", report.words(), "", *views])


# Proof ------------------------------------------------------------------------------------------------------------------------------


def random_scene(ctx: CheckContext, degree: int = 3) -> Gaussians:
    """A knot whose harmonics are all there."""
    scene = knot(300, degree, ctx.seed)
    noise = torch.randn(scene.sh.shape, generator=ctx.rng)
    return Gaussians(scene.means, scene.log_scales, scene.quaternions, scene.opacities, scene.sh + 0.1 * noise)


@check(
    "a scene and an eye that turn together show the same picture",
    tolerance=0.0,
    source="μ → Rμ, Σ → RΣRᵀ, harmonics through their Wigner matrices",
    catches="harmonics or rotations that stay behind",
)
def together(ctx: CheckContext) -> Measured:
    """The likeness of the two pictures, dB; eight bits leave it at 50 and more."""
    scene = random_scene(ctx)
    orbit = Orbit(distance=4.0)
    middle = scene.means.mean(0).double().numpy()
    after = moved(turned(scene, 70.0, "none"), np.eye(3), -middle, 1.0)
    before = moved(scene, np.eye(3), -middle, 1.0)
    eye, there = (orbit.rotated(0, 0), Orbit(distance=4.0, yaw=orbit.yaw + np.radians(70.0)))
    pictures = picture(before, eye.camera(120, 90)), picture(after, there.camera(120, 90))
    return Measured(50.0, min(decibels(*pictures), 99.0), "at least")


@check(
    "the edits of a list, undone and done again, are the same scene",
    tolerance=0.0,
    source="the list is the state",
    catches="an edit that is applied twice, or that outlives its undo",
)
def undone(ctx: CheckContext) -> Measured:
    """How far any number is from where it was."""
    shown = Shown("", "z", ctx.seed)
    move = '{"is":"Move","shift":[0,0,1],"turn":[1,0,0,0],"scale":2}'
    shown.follow(f"[{move}]")
    once = shown.now.means.clone()
    shown.follow(f"[{move},{move}]")
    shown.follow(f"[{move}]")
    return Measured(0.0, float((shown.now.means - once).abs().max()))
