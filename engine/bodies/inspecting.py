"""Which of a person's files is what: a body model, a captured sequence, a pose, or neither, in one sentence."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.api.errors import StudioError
from engine.bodies.acting import read_sequence
from engine.bodies.files import MODEL_SUFFIXES, SOURCES, read_model
from engine.bodies.layouts import LAYOUTS

SEQUENCE_SUFFIXES = (".npz", ".bvh")
_GENDERS = (
    ("neutral", "neutral"),
    ("female", "female"),
    ("male", "male"),
    ("_f_", "female"),
    ("_m_", "male"),
    ("_n_", "neutral"),
)
_SIDES = (("right", "right hand"), ("left", "left hand"))

Row = tuple[str, str, str, float, str]


@lru_cache(maxsize=512)
def inspect_file(name: str) -> Row:
    """The path; "model", "sequence" or ""; its layout; seconds of a sequence; and a sentence."""
    path, suffix = Path(name), Path(name).suffix.lower()
    reasons = []
    if suffix in MODEL_SUFFIXES:
        try:
            model = read_model(path)
        except StudioError as error:
            reasons.append(str(error))
        else:
            size = f"{len(model.template):,} vertices, {len(model.layout)} joints, {model.shapes} shape directions"
            return name, "model", model.layout.name, 0.0, f"“{path.name}”: {model.layout.name}{_kind(path)}, {size}."
    if suffix in SEQUENCE_SUFFIXES:
        try:
            motion = read_sequence(path)
        except StudioError as error:
            reasons.append(str(error))
        else:
            words = f"{len(motion):,} frames at {motion.fps:.0f} a second, {motion.seconds:.1f} s"
            return (
                name,
                "sequence",
                motion.layout.name,
                motion.seconds,
                f"“{path.name}”: {motion.layout.name}, {words}.",
            )
    return name, "", "", 0.0, _neither(path, reasons)


def _kind(path: Path) -> str:
    """What the name says of whom the model is of; nothing where it says nothing."""
    name = path.stem.lower()
    found = next((words for mark, words in (*_GENDERS, *_SIDES) if mark in f"_{name}_"), "")
    return f", {found}" if found else ""


def _neither(path: Path, reasons: list[str]) -> str:
    """Why it is of no use, and where models are to be had."""
    if not path.is_file():
        return f"“{path.name}” is not there any more."
    if len(reasons) == 1:
        return reasons[0]
    names = ", ".join(f"{layout.name} from {SOURCES[layout.name].partition(' ')[0]}" for layout in LAYOUTS.values())
    return f"“{path.name}” is neither a body model nor an AMASS sequence; models: {names}."
