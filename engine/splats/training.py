"""Learning a scene of Gaussians from posed photos: Kerbl et al. 2023, on any machine.

`Trainer` makes one step at a time and holds everything that a snapshot needs in `state`; `train` is the same as a generator. The lab and
the command line both train through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from engine.splats.adam import Adam, moments_of
from engine.splats.album import Album, Page, read_album
from engine.splats.backends import Backend, choose_backend
from engine.splats.likeness import Judge, Likeness, peak_ratio
from engine.splats.scene import Gaussians, from_points
from engine.splats.start import starting_points
from engine.splats.strategies import PAPERS_STEPS, Adc, Moment, Population, Strategy
from engine.splats.viewpoint import Rendered, Style, Viewpoint

if TYPE_CHECKING:
    from engine.geometry.cameras import Capture

MASKED = torch.tensor(0.5)
"""Stands in photo and picture alike where a mask says that nothing is known."""
_HASTE, _MOST_HASTE, _BANDS = 0.4, 4.0, 0.4
"""How far a run in a hurry stretches its steps: a power of its share of the paper's length; at most; and the bands, of the base's step."""


@dataclass(frozen=True)
class Rates:
    """Step lengths of Adam; those of `exposure` and `poses` each time that a photo's turn comes.

    They are those of Kerbl et al. 2023. `means` counts in radii of the scene, and falls to a hundredth over the run.
    """

    means: float = 1.6e-4
    log_scales: float = 5e-3
    quaternions: float = 1e-3
    opacities: float = 5e-2
    base: float = 2.5e-3
    bands: float = 1.25e-4
    exposure: float = 1e-2
    poses: float = 5e-4

    def paced(self, steps: int) -> Rates:
        """For a run of so many steps: the paper's are for 30,000, and a short run must go farther with each step.

        The bands' steps are a twentieth of the base's over 30,000 steps, so that views from all sides agree on a colour first; a short
        run has no time for that.
        """
        share = min(1.0, max(steps, 1) / PAPERS_STEPS)
        haste = min(_MOST_HASTE, share**-_HASTE)
        faster = {name: haste * getattr(self, name) for name in ("means", "log_scales", "quaternions", "base")}
        return replace(self, **faster, bands=max(self.bands, min(self.bands / share, _BANDS * faster["base"])))


@dataclass(frozen=True)
class Settings:
    """How a scene is learnt.

    Attributes:
        steps: of the whole run; schedules fit themselves to it.
        degree: of the spherical harmonics; it rises from 0, by one each thirtieth of the run.
        strategy: how Gaussians are added and taken away.
        budget: the most Gaussians there may be.
        scale: of the photos.
        coarse: how many halvings of the photos training begins with; each lasts a tenth of the run.
        every: each such photo is held out; 0 for none.
        structure: λ, the share of structural similarity in the loss.
        background: red, green, blue behind the scene, 0…1; None is a random colour at each step.
        antialiased: Mip-Splatting's opacities.
        exposure: learns a brightness and tint for each photo.
        poses: corrects the poses.
        near: where the near plane lies, in radii of the scene: what floats closer before a camera was never seen by it, and would hide all.
        rates: step lengths, for the paper's 30,000 steps.
    """

    steps: int = 7000
    degree: int = 1
    strategy: Strategy = field(default_factory=Adc)
    budget: int = 500_000
    scale: float = 1.0
    coarse: int = 1
    every: int = 8
    structure: float = 0.2
    background: tuple[float, float, float] | None = (0.0, 0.0, 0.0)
    antialiased: bool = False
    exposure: bool = False
    poses: bool = False
    near: float = 0.1
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True)
class Step:
    """What came of one step: its number from 0, the photo, the loss and its parts, and how many Gaussians there are."""

    number: int
    photo: str
    loss: float
    difference: float
    similarity: float
    gaussians: int


@dataclass(frozen=True)
class Score:
    """How well a held-out photo is met: decibels, and similarity."""

    name: str
    psnr: float
    ssim: float


class Trainer:
    """A scene in training.

    `settings` may be replaced between two steps. `state` holds tensors and plain numbers only; put back what it held, and training goes on
    as it would have.
    """

    def __init__(
        self,
        capture: Capture,
        settings: Settings,
        rng: torch.Generator,
        backend: Backend | None = None,
        album: Album | None = None,
    ) -> None:
        self.settings, self.rng = settings, rng
        self.album = album or read_album(capture, settings.scale, settings.coarse + 1, settings.every)
        self.extent = max(capture.extent, 1e-6)
        self._cutout = capture.cutout
        self._backend = backend or choose_backend()
        self._judge, self._adam = Judge(), Adam()
        points, colours = starting_points(capture, self.extent, rng)
        if len(points) > settings.budget:
            chosen = torch.randperm(len(points), generator=rng)[: settings.budget].numpy()
            points, colours = points[chosen], colours[chosen]
        self.state = fresh_state(from_points(points, colours, settings.degree), len(self.album.learnt))

    @property
    def population(self) -> Population:
        """The Gaussians, and what goes along with them; changing it changes the scene."""
        return Population(self.state["values"], self.state["moments"], self.state["statistics"])

    @property
    def gaussians(self) -> Gaussians:
        """The scene as it is, without a derivative, sharing the memory of the one in training."""
        return gaussians_of({name: value.detach() for name, value in self.state["values"].items()})

    def __len__(self) -> int:
        return len(self.state["values"]["means"])

    def step(self, number: int) -> Step:
        """Learns from one photo.

        Args:
            number: of the step, from 0; it sets the rates, the degree and the size of the photos.
        """
        self._settle()
        settings, values = self.settings, self.state["values"]
        index = self._next_photo(number)
        page = self.album.learnt[index]
        trained = [*values.values(), *self.state["corrections"].values()]
        for value in trained:
            value.requires_grad_(True)
        strategy = settings.strategy.paced(settings.steps)
        offsets = torch.zeros(len(self), 2, requires_grad=True) if strategy.wants_offsets else None
        behind = self._background()
        rendered, likeness = self._look(page, index, number, behind, offsets, strategy)
        loss = likeness.loss
        if strategy.opacity_price:
            loss = loss + strategy.opacity_price * values["opacities"].sigmoid().mean()
            loss = loss + strategy.scale_price * values["log_scales"].exp().mean() / self.extent
        loss.backward()
        if offsets is not None and offsets.grad is not None:
            self._count(offsets.grad, rendered, page.sheet(self._level(number)).camera)
        self._descend(number)
        self._correct(number, index)
        for value in trained:
            value.grad = None
        with torch.no_grad():
            moment = Moment(number + 1, self.extent, settings.budget, self._means_rate(number), self.rng)
            strategy.refine(self.population, moment)
        return Step(number, page.name, float(loss.detach()), likeness.difference, likeness.similarity, len(self))

    def render(self, viewpoint: Viewpoint, degree: int | None = None) -> Rendered:
        """The scene as it is, from anywhere, over the background of the settings (grey where that is random)."""
        behind = self.settings.background or (0.5, 0.5, 0.5)
        with torch.no_grad():
            return self._backend.render(self.gaussians, viewpoint, self._style(degree), torch.tensor(behind))

    def scores(self) -> Iterator[Score]:
        """Every held-out photo, one after the other."""
        for page in self.album.held_out:
            yield self.score(page)

    def score(self, page: Page) -> Score:
        """How well one photo is met; masked pixels are left out."""
        picture, photo = self.render(page.viewpoint()).colour, self.target(page)
        weights = page.sheet().weights
        share = 1.0
        if weights is not None and not self._cutout:
            photo, picture = (torch.lerp(MASKED, value, weights) for value in (photo, picture.clamp(0, 1)))
            share = float(weights.square().mean())
        return Score(page.name, peak_ratio(picture, photo, share), self._judge.score(picture, photo))

    def target(self, page: Page, level: int = 0, behind: Tensor | None = None) -> Float[Tensor, "h w 3"]:
        """What the picture should look like: the photo; where it was cut out, over the background."""
        sheet = page.sheet(level)
        weights = sheet.weights
        if weights is None or not self._cutout:
            return sheet.pixels
        colour = torch.tensor(self.settings.background or (0.5, 0.5, 0.5)) if behind is None else behind
        return torch.lerp(colour.expand_as(sheet.pixels), sheet.pixels, weights)

    def degree_at(self, number: int) -> int:
        """The spherical harmonics' degree at a step."""
        return min(self.settings.degree, number * 30 // max(1, self.settings.steps))

    def _style(self, degree: int | None = None) -> Style:
        degree = self.settings.degree if degree is None else degree
        return Style(degree, self.settings.antialiased, self.settings.near * self.extent)

    def _level(self, number: int) -> int:
        """How often the photos are halved at a step."""
        return max(0, self.settings.coarse - number * 10 // max(1, self.settings.steps))

    @property
    def _rates(self) -> Rates:
        return self.settings.rates.paced(self.settings.steps)

    def _means_rate(self, number: int) -> float:
        """Metres; it falls to a hundredth, as a geometric series."""
        return self._rates.means * self.extent * 0.01 ** min(1.0, number / max(1, self.settings.steps))

    def _background(self) -> Tensor:
        if self.settings.background is None:
            return torch.rand(3, generator=self.rng)
        return torch.tensor(self.settings.background)

    def _settle(self) -> None:
        """Where photos were left out or came back since the state was kept, their order and their corrections begin anew."""
        count = len(self.album.learnt)
        if len(self.state["corrections"]["poses"]) == count == len(self.state["order"]):
            return
        self.state["corrections"] = fresh_corrections(count)
        self.state["correction_moments"] = moments_of(self.state["corrections"])
        self.state["order"] = torch.randperm(count, generator=self.rng)

    def _next_photo(self, number: int) -> int:
        """All photos in random order, then again in another."""
        count = len(self.album.learnt)
        if number % count == 0:
            self.state["order"] = torch.randperm(count, generator=self.rng)
        return int(self.state["order"][number % count])

    def _look(
        self, page: Page, index: int, number: int, behind: Tensor, offsets: Tensor | None, strategy: Strategy
    ) -> tuple[Rendered, Likeness]:
        """The picture from a photo's place, beside the photo."""
        level, settings, corrections = self._level(number), self.settings, self.state["corrections"]
        viewpoint = page.viewpoint(level)
        if settings.poses:
            viewpoint = Viewpoint(viewpoint.camera, moved(viewpoint.camera_from_world, corrections["poses"][index]))
        style = self._style(self.degree_at(number))
        scene = gaussians_of(self.state["values"])
        rendered = self._backend.render(scene, viewpoint, style, behind, offsets, strategy.absolute)
        picture, photo, weights = rendered.colour, self.target(page, level, behind), page.sheet(level).weights
        if settings.exposure:
            tint = corrections["exposures"][index]
            picture = picture @ tint[:, :3].T + tint[:, 3]
        if weights is not None and not self._cutout:
            photo, picture = (torch.lerp(MASKED, value, weights) for value in (photo, picture))
        return rendered, self._judge.compare(picture, photo, settings.structure)

    @torch.no_grad()
    def _count(self, slopes: Tensor, rendered: Rendered, camera: Any) -> None:
        """What densification goes by: the derivative by the place in halves of the picture, wherever a Gaussian is seen."""
        seen = rendered.radii > 0
        half = slopes.new_tensor([camera.width / 2, camera.height / 2])
        self.state["statistics"]["slope"] += torch.where(seen, (slopes * half).norm(dim=1), 0)
        self.state["statistics"]["seen"] += seen

    def _descend(self, number: int) -> None:
        rates, state = self._rates, self.state
        steps = {
            "means": self._means_rate(number),
            "log_scales": rates.log_scales,
            "quaternions": rates.quaternions,
            "opacities": rates.opacities,
            "base": rates.base,
            "bands": rates.bands,
        }
        self._adam.step(state["values"], state["moments"], steps, number)

    def _correct(self, number: int, index: int) -> None:
        """Changes the corrections of the photo whose turn it was, and of no other."""
        table, moments = self.state["corrections"], self.state["correction_moments"]
        for name, rate in (("exposures", self.settings.rates.exposure), ("poses", self.settings.rates.poses)):
            if table[name].grad is None:
                continue
            row = table[name].detach()[index]
            row.grad = table[name].grad[index]
            own = {kind: {name: rows[name][index]} for kind, rows in moments.items()}
            self._adam.step({name: row}, own, {name: rate}, number // len(self.album.learnt))


def gaussians_of(values: dict[str, Tensor]) -> Gaussians:
    """The optimised tensors as a scene."""
    harmonics = torch.cat([values["base"], values["bands"]], 1) if values["bands"].shape[1] else values["base"]
    return Gaussians(values["means"], values["log_scales"], values["quaternions"], values["opacities"], harmonics)


def fresh_state(scene: Gaussians, photos: int) -> dict[str, Any]:
    """Everything that training changes: the scene, Adam's moments, a strategy's counts, the photos' corrections, their order."""
    values = scene.detached().tensors()
    sh = values.pop("sh")
    values |= {"base": sh[:, :1].contiguous(), "bands": sh[:, 1:].contiguous()}
    corrections = fresh_corrections(photos)
    return {
        "values": values,
        "moments": moments_of(values),
        "statistics": {"slope": torch.zeros(len(scene)), "seen": torch.zeros(len(scene))},
        "corrections": corrections,
        "correction_moments": moments_of(corrections),
        "order": torch.arange(photos),
    }


def fresh_corrections(photos: int) -> dict[str, Tensor]:
    """Of each photo: no tint, and a pose as it is."""
    return {"exposures": torch.eye(3, 4).repeat(photos, 1, 1), "poses": torch.zeros(photos, 6)}


def moved(pose: Float[Tensor, "4 4"], twist: Float[Tensor, "6"]) -> Float[Tensor, "4 4"]:
    """A pose turned by a rotation vector (radians) and shifted (metres), both in the camera's frame."""
    x, y, z, *shift = twist.unbind()
    nought = torch.zeros_like(x)
    rows = ((nought, -z, y, shift[0]), (z, nought, -x, shift[1]), (-y, x, nought, shift[2]), (nought,) * 4)
    return torch.linalg.matrix_exp(torch.stack([torch.stack(row) for row in rows])) @ pose


def train(trainer: Trainer, begin: int = 0) -> Iterator[Step]:
    """All steps of a run, from `begin` on; stopping is a matter of not asking for the next one."""
    for number in range(begin, trainer.settings.steps):
        yield trainer.step(number)
