"""The declaration of a lab: one file under `engine/labs/TOPIC/`, found by its place.

    @lab(title="Variational autoencoder", topic="autoencoders", source="Kingma & Welling 2014, arXiv:1312.6114", views=(View("loss"), …))
    def run(p: Params, ctx: Context) -> Iterator[Frame]: …

    @check("analytic KL equals a Monte Carlo estimate", tolerance=0.01, source="…", catches="KL without the −1")
    def kl(ctx: CheckContext) -> Measured: …

The decorators only attach a record to the function; `lab_of(module)` gathers what a module declares. The module's docstring is the
notes page: Markdown with `$…$` maths; `{{name}}` stands for the live value of a scalar or a parameter.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar

from engine.api.frames import Frame, View
from engine.api.params import Field, control_from_json, control_to_json, fields_of, to_json

Relation = Literal["equal", "at most", "at least"]
LAST = 99
"""The place of a lab that says none: behind its topic's others."""


@dataclass(frozen=True)
class Topic:
    """A topic of the course, in the course's order. `icon`: a glyph name of the icon font."""

    id: str
    title: str
    summary: str
    icon: str


TOPICS = (
    Topic("neurons", "Neurons", "From a threshold unit to a network", "circles-three"),
    Topic("training", "Training", "What makes a network learn well", "chart-line-down"),
    Topic("convolution", "Convolution", "Kernels, pooling, pictures in and out", "grid-nine"),
    Topic("sequences", "Sequences", "Memory: RNN, LSTM, gradients in time", "wave-sine"),
    Topic("autoencoders", "Autoencoders", "Squeeze a picture through a code", "arrows-in-line-horizontal"),
    Topic("autoregressive", "Autoregressive", "One pixel, sample or word at a time", "text-aa"),
    Topic("adversarial", "Adversarial", "A forger and a detective", "mask-happy"),
    Topic("flows", "Flows", "Invertible maps with exact likelihood", "wind"),
    Topic("diffusion", "Diffusion", "From noise back to a picture", "sparkle"),
    Topic("foundation", "Foundation", "Pre-train once, use everywhere", "stack"),
    Topic("bodies", "Bodies", "Pose, shape and motion of people", "footprints"),
    Topic("egocentric", "First person", "What the wearer sees and does next", "eyeglasses"),
    Topic("surfaces", "Surfaces", "Shapes as functions", "polygon"),
    Topic("radiance", "Radiance", "Light along a ray: NeRF and Gaussians", "sun"),
)


@dataclass(frozen=True)
class Measured:
    """The outcome of a check: what theory or a reference says, beside what was measured.

    `relation`: measured must be `equal` to expected within the check's tolerance, `at most` expected + tolerance, or `at least`
    expected − tolerance. `detail`: a few words more.
    """

    expected: float
    measured: float
    relation: Relation = "equal"
    detail: str = ""

    def passes(self, tolerance: float) -> bool:
        """Whether the relation holds; never for a measurement that is not finite."""
        if not math.isfinite(self.measured):
            return False
        gap = self.measured - self.expected
        if self.relation == "at most":
            return gap <= tolerance
        return -gap <= tolerance if self.relation == "at least" else abs(gap) <= tolerance


@dataclass(frozen=True)
class Check:
    """A numeric proof: its sentence, tolerance (absolute), source, and the bug that it is there to catch."""

    name: str
    title: str
    tolerance: float
    source: str
    catches: str
    measure: Callable[[Any], Measured]


@dataclass(frozen=True)
class Portrait:
    """What stands on a lab's card: its view `view` after `steps` steps, with the parameters `sets`; `installer/thumbnails.py` takes it."""

    view: str
    steps: int
    sets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lab:
    """A lab that imported: everything its file declares."""

    id: str
    title: str
    topic: str
    source: str
    summary: str
    params: type
    fields: tuple[Field, ...]
    views: tuple[View, ...]
    checks: tuple[Check, ...]
    notes: str
    distributed: bool
    file: Path
    speed: float
    portrait: Portrait | None
    place: int
    run: Callable[[Any, Any], Iterator[Frame]]


@dataclass(frozen=True)
class LabInfo:
    """A lab as the window and `main.py labs --json` know it: plain data. `broken` holds the reason if the file does not import."""

    id: str
    title: str
    topic: str
    source: str = ""
    summary: str = ""
    fields: tuple[Field, ...] = ()
    views: tuple[View, ...] = ()
    checks: tuple[str, ...] = ()
    notes: str = ""
    distributed: bool = False
    file: str = ""
    broken: str = ""
    speed: float = 0.0
    portrait: Portrait | None = None
    place: int = LAST


@dataclass(frozen=True)
class _Declaration:
    title: str
    topic: str
    source: str
    summary: str
    views: tuple[View, ...]
    distributed: bool
    speed: float
    portrait: Portrait | None
    place: int


Run = TypeVar("Run", bound=Callable[..., Iterator[Frame]])
Measure = TypeVar("Measure", bound=Callable[..., Measured])


def lab(
    *,
    title: str,
    topic: str,
    source: str,
    summary: str = "",
    views: tuple[View, ...] = (),
    distributed: bool = False,
    speed: float = 0.0,
    portrait: Portrait | None = None,
    place: int = LAST,
) -> Callable[[Run], Run]:
    """Declares the function as a lab's `run(p: Params, ctx: Context)`.

    `source`: paper or section. `summary`: one short sentence for its card. `views`: the places on its page, in order.
    `distributed`: it trains through `ctx.parallel` and `ctx.shard`, so `torchrun` may split its batch. `speed`: steps a second at
    which a window starts it, for a lab whose steps are there to be watched; 0 is free. `portrait`: what its card shows. `place`:
    where it stands among its topic's labs, in the course's order.
    """

    def declare(run: Run) -> Run:
        run.__lab__ = _Declaration(title, topic, source, summary, views, distributed, speed, portrait, place)  # type: ignore[attr-defined]  # a mark on the function
        return run

    return declare


def check(title: str, *, tolerance: float, source: str, catches: str) -> Callable[[Measure], Measure]:
    """Declares the function as a check `measure(ctx: CheckContext) -> Measured`, with an absolute tolerance."""

    def declare(measure: Measure) -> Measure:
        measure.__check__ = Check(measure.__name__, title, tolerance, source, catches, measure)  # type: ignore[attr-defined]  # a mark
        return measure

    return declare


def lab_of(module: ModuleType, lab_id: str) -> Lab:
    """Gathers what a lab's module declares. Raises TypeError if it declares no lab, or one whose parameters cannot be read."""
    runs = [value for value in vars(module).values() if hasattr(value, "__lab__")]
    if len(runs) != 1:
        raise TypeError(f"a lab's file declares one @lab, this one has {len(runs)}")
    declared: _Declaration = runs[0].__lab__
    params = vars(module).get("Params")
    if params is None:
        raise TypeError("a lab's file declares its parameters as a dataclass `Params`")
    checks = tuple(value.__check__ for value in vars(module).values() if hasattr(value, "__check__"))
    return Lab(
        id=lab_id,
        title=declared.title,
        topic=declared.topic,
        source=declared.source,
        summary=declared.summary,
        params=params,
        fields=fields_of(params),
        views=declared.views,
        checks=checks,
        notes=inspect.cleandoc(module.__doc__ or ""),
        distributed=declared.distributed,
        file=Path(module.__file__ or ""),
        speed=declared.speed,
        portrait=declared.portrait,
        place=declared.place,
        run=runs[0],
    )


def describe(found: Lab) -> LabInfo:
    """The plain data of a lab."""
    return LabInfo(
        id=found.id,
        title=found.title,
        topic=found.topic,
        source=found.source,
        summary=found.summary,
        fields=found.fields,
        views=found.views,
        checks=tuple(entry.title for entry in found.checks),
        notes=found.notes,
        distributed=found.distributed,
        file=str(found.file),
        speed=found.speed,
        portrait=found.portrait,
        place=found.place,
    )


def in_course_order(labs: Iterable[LabInfo]) -> tuple[LabInfo, ...]:
    """The labs by topic, then by place, then by id; topics that the course does not have come last."""
    topics = {topic.id: index for index, topic in enumerate(TOPICS)}
    return tuple(sorted(labs, key=lambda info: (topics.get(info.topic, len(topics)), info.place, info.id)))


def info_to_json(info: LabInfo) -> dict[str, Any]:
    """A lab as `main.py labs --json` prints it; the command-line contract fixes the first six keys."""
    return {
        "id": info.id,
        "title": info.title,
        "topic": info.topic,
        "source": info.source,
        "parameters": [
            {
                "name": entry.name,
                "type": entry.type,
                "default": to_json(entry.default),
                "control": control_to_json(entry.control),
            }
            for entry in info.fields
        ],
        "broken": info.broken or None,
        "summary": info.summary,
        "views": [
            {slot: getattr(view, slot) for slot in ("name", "title", "hint", "unit", "log", "wide")}
            for view in info.views
        ],
        "checks": list(info.checks),
        "notes": info.notes,
        "distributed": info.distributed,
        "file": info.file,
        "speed": info.speed,
        "portrait": _portrait_to_json(info.portrait) if info.portrait else None,
        "place": info.place,
    }


def info_from_json(data: dict[str, Any]) -> LabInfo:
    """The inverse of `info_to_json`. Raises KeyError or TypeError for data of another shape."""
    return LabInfo(
        id=data["id"],
        title=data["title"],
        topic=data["topic"],
        source=data["source"],
        summary=data["summary"],
        fields=tuple(_field_from_json(entry) for entry in data["parameters"]),
        views=tuple(View(**entry) for entry in data["views"]),
        checks=tuple(data["checks"]),
        notes=data["notes"],
        distributed=data["distributed"],
        file=data["file"],
        broken=data["broken"] or "",
        speed=data.get("speed", 0.0),
        portrait=Portrait(**portrait) if (portrait := data.get("portrait")) else None,
        place=data.get("place", LAST),
    )


def _portrait_to_json(portrait: Portrait) -> dict[str, Any]:
    sets = {name: to_json(value) for name, value in portrait.sets.items()}
    return {"view": portrait.view, "steps": portrait.steps, "sets": sets}


def _field_from_json(entry: dict[str, Any]) -> Field:
    return Field(entry["name"], entry["type"], _tupled(entry["default"]), control_from_json(entry["control"]))


def _tupled(value: Any) -> Any:
    return tuple(_tupled(part) for part in value) if isinstance(value, list) else value
