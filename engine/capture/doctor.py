"""The capture doctor: what went wrong with which photos, why, how sure that is, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.api.words import plural
from engine.capture.features import apart
from engine.capture.mapping import Mapped
from engine.capture.motion import SecondMotion

if TYPE_CHECKING:
    from engine.capture.model import SparseModel

_COPY, _ALIKE = 2, 5  # of 64 signs
_BLURRED = 0.4
_TEXTURE = 250
_TIED = 30
_FLAT = 0.06
_STILL = 0.02
_MOVES = 0.25
_TURNED = ("PANORAMIC", "PLANAR_OR_PANORAMIC")


class Trouble(Enum):
    """What can be wrong."""

    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    BLURRED = "blurred"
    PLAIN = "little texture"
    UNTIED = "too few matches"
    OTHER_SIZE = "another size"
    OTHER_MODEL = "another part"
    FLAT = "flat"
    ROTATION = "rotation only"
    MOVING = "moving"


@dataclass(frozen=True)
class Finding:
    """A trouble, the photos it befell, a sentence for the person, and how sure the doctor is, 0…1."""

    trouble: Trouble
    photos: tuple[str, ...]
    sentence: str
    sure: float


@dataclass(frozen=True)
class Patient:
    """A photo as the doctor sees it: upright size, number of features, sharpness, fingerprint."""

    name: str
    width: int
    height: int
    features: int
    sharp: float
    print: str


@dataclass(frozen=True)
class Evidence:
    """Everything the doctor looks at.

    `pairs`: (name, name) → how many matches agree, and on which kind of geometry (COLMAP's word). `mapped`: models, the largest first.
    `unread`: (name, reason). `moving`: what moves by itself, if there is a model.
    """

    patients: Sequence[Patient]
    pairs: Mapping[tuple[str, str], tuple[int, str]]
    mapped: Sequence[Mapped]
    unread: Sequence[tuple[str, str]]
    moving: SecondMotion | None = None


@dataclass(frozen=True)
class Report:
    """The doctor's findings; `verdict` sums them up; `sure`, 0…1: how far the poses can be trusted."""

    findings: tuple[Finding, ...]
    verdict: str
    sure: float

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict, then each finding."""
        return (self.verdict, *(finding.sentence for finding in self.findings))

    def as_json(self) -> dict[str, Any]:
        """For `capture.json` and `metrics.json`."""
        findings = [asdict(finding) | {"trouble": finding.trouble.value} for finding in self.findings]
        return {"verdict": self.verdict, "sure": round(self.sure, 3), "findings": findings}


def examine(evidence: Evidence) -> Report:
    """Looks at all of it."""
    findings = [
        Finding(Trouble.UNREADABLE, (name,), f"{name} cannot be used: {why}", 1.0) for name, why in evidence.unread
    ]
    findings += _unplaced(evidence)
    if not evidence.mapped:
        return Report(tuple(findings), _why_nothing(evidence), 0.0)
    findings += _whole(evidence)
    return Report(tuple(findings), _verdict(evidence), _trust(evidence, findings))


# Photos that were not placed --------------------------------------------------------------------------------


def _unplaced(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each reason, with all photos that it befell."""
    placed = _names(evidence.mapped[0].model) if evidence.mapped else set()
    by_reason: dict[tuple[Trouble, str], list[str]] = {}
    for patient in evidence.patients:
        if patient.name not in placed:
            by_reason.setdefault(_reason(patient, evidence, placed), []).append(patient.name)
    for (trouble, sentence), names in by_reason.items():
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        many = "were" if len(names) > 1 else "was"
        sure = {Trouble.DUPLICATE: 0.95, Trouble.PLAIN: 0.9, Trouble.OTHER_MODEL: 0.95, Trouble.BLURRED: 0.8}.get(
            trouble, 0.6
        )
        yield Finding(trouble, tuple(names), f"{shown} {many} not placed: {sentence}", sure)


def _reason(patient: Patient, evidence: Evidence, placed: set[str]) -> tuple[Trouble, str]:
    twin = next((other for other in evidence.patients if other is not patient and _copies(patient, other)), None)
    if twin is not None and (twin.name in placed or not placed):
        return Trouble.DUPLICATE, f"copies of photos that are there already, such as {twin.name}; leave them out."
    usual = float(np.median([other.sharp for other in evidence.patients if other.name in placed or not placed]))
    if patient.sharp < _BLURRED * usual:
        return Trouble.BLURRED, "blurred beside the others; take them again with a steady hand and more light."
    if patient.features < _TEXTURE:
        return Trouble.PLAIN, "there is too little texture to find again; show more of the surroundings."
    for other in evidence.mapped[1:]:
        if patient.name in _names(other.model):
            return Trouble.OTHER_MODEL, "they hang together, but not with the rest; take photos in between."
    size, often = Counter((p.width, p.height) for p in evidence.patients).most_common(1)[0]
    if (patient.width, patient.height) != size and often > 1:
        return Trouble.OTHER_SIZE, f"another size or zoom than most ({size[0]} × {size[1]} pixels), and few matches."
    ties = sum(count >= _TIED for pair, (count, _) in evidence.pairs.items() if patient.name in pair)
    if not ties:
        return Trouble.UNTIED, "they share nothing with any other photo; are they of the same scene?"
    return Trouble.UNTIED, "too little in common with the others; take photos that overlap by more than half."


def _copies(first: Patient, second: Patient) -> bool:
    return apart(first.print, second.print) <= _COPY and abs(first.features - second.features) <= 0.02 * first.features


# The whole -------------------------------------------------------------------------------------------------


def _whole(evidence: Evidence) -> Iterator[Finding]:
    """What is odd about the placed photos together."""
    model = evidence.mapped[0].model
    main = _names(model)
    for other in evidence.mapped[1:]:
        rest = tuple(sorted(_names(other.model) - main))
        if len(rest) >= 3:
            text = f"{len(rest)} photos form a part of their own ({rest[0]} …); take photos in between to join them."
            yield Finding(Trouble.OTHER_MODEL, rest, text, 0.95)
    depth, travel, flatness = _shape(model)
    if travel < _STILL * depth:
        text = "The camera hardly moved, it only turned: depth is a guess. Step sideways between photos."
        yield Finding(Trouble.ROTATION, (), text, 0.9)
    elif flatness < _FLAT:
        text = (
            "The scene is nearly flat: poses may bend a little, and heights are uncertain. Add photos taken at a slant."
        )
        yield Finding(Trouble.FLAT, (), text, min(0.95, 0.5 + (_FLAT - flatness) / _FLAT))
    moving = evidence.moving
    if moving is not None and moving.tried >= 3 and moving.share >= _MOVES:
        what = "The background moves against the object" if moving.rim > 1 else "Something in the scene moves by itself"
        text = (
            f"{what} (in {moving.pairs} of {moving.tried} pairs of photos): it will be torn. Mask it, or cut the scene to a box around "
            "the object."
        )
        yield Finding(Trouble.MOVING, (), text, min(0.99, 0.5 + moving.share / 2))


def _shape(model: SparseModel) -> tuple[float, float, float]:
    """Median distance from cameras to points, spread of the cameras, and the points' third extent against their second."""
    positions = np.stack([np.linalg.inv(image.camera_from_world)[:3, 3] for image in model.images.values()])
    middle = np.median(model.points, axis=0)
    depth = float(np.median(np.linalg.norm(positions - middle, axis=1)))
    travel = float(np.linalg.norm(positions - positions.mean(0), axis=1).max())
    away = model.points - middle
    near = np.linalg.norm(away, axis=1) <= np.quantile(np.linalg.norm(away, axis=1), 0.9)
    extents = np.linalg.svd(away[near].astype(np.float64), compute_uv=False)
    return depth, travel, float(extents[2] / max(extents[1], 1e-12)) if len(extents) == 3 else 1.0


def _names(model: SparseModel) -> set[str]:
    return {image.name for image in model.images.values()}


def _why_nothing(evidence: Evidence) -> str:
    """No model at all: the most likely reason, and what to do."""
    prints = [patient.print for patient in evidence.patients]
    if all(apart(prints[0], other) <= _ALIKE for other in prints):
        return "No camera could be placed: all photos are nearly the same. Walk around the scene and take one at each step."
    tied = {pair: found for pair, found in evidence.pairs.items() if found[0] >= _TIED}
    if not tied:
        return "No camera could be placed: the photos have nothing in common. Take 20 or more of one scene, overlapping by half."
    if sum(found[1] in _TURNED for found in tied.values()) > len(tied) / 2:
        return "No camera could be placed: it only turned on the spot, or sees one flat thing. Step sideways between photos."
    return "No camera could be placed: the photos overlap too little. Take more in between, of something with texture."


def _verdict(evidence: Evidence) -> str:
    best = evidence.mapped[0]
    total = len(evidence.patients) + len(evidence.unread)
    placed = len(best.model.images)
    count = "All" if placed == total else f"{placed} of"
    return (
        f"{count} {plural(total, 'photo')} {'is' if placed == 1 else 'are'} placed, to {best.error:.2f} pixels, "
        f"with {plural(len(best.model.points), 'point')}."
    )


def _trust(evidence: Evidence, findings: Sequence[Finding]) -> float:
    """The share of photos placed, less for a large error, few points, and findings that touch the whole."""
    best = evidence.mapped[0]
    share = len(best.model.images) / max(1, len(evidence.patients))
    exact = float(np.clip(1.5 - best.error / 2, 0.2, 1.0))
    many = min(1.0, len(best.model.points) / (30 * len(best.model.images)))
    factors = {Trouble.ROTATION: 0.2, Trouble.MOVING: 0.6, Trouble.FLAT: 0.85}
    spoiled = float(np.prod([factors.get(finding.trouble, 1.0) for finding in findings]))
    return share * exact * many * spoiled
