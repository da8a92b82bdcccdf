"""An experiment as a line: the exact command, or a string that reopens it elsewhere."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
import zlib
from dataclasses import dataclass, field
from typing import Any

from engine.api.errors import StudioError
from engine.api.params import Dataset, Field, find_field, from_json, to_text

_PREFIX = "ps1:"
_LONGEST = 1_000_000


@dataclass(frozen=True)
class Experiment:
    """A lab with its parameters (JSON, only those that differ from the default) and seed."""

    lab: str
    params: dict[str, Any] = field(default_factory=dict)
    seed: int = 0


def command_line(fields: tuple[Field, ...], experiment: Experiment) -> str:
    """The `main.py run` line that repeats an experiment."""
    words = ["python", "main.py", "run", experiment.lab]
    for name, encoded in experiment.params.items():
        entry = find_field(fields, name)
        value = from_json(entry, encoded)
        if isinstance(entry.control, Dataset) and value not in entry.control.names:
            words += ["--data", value]
        elif name == "steps":
            words += ["--steps", to_text(entry, value)]
        else:
            words += ["--set", f"{name}={to_text(entry, value)}"]
    if experiment.seed:
        words += ["--seed", str(experiment.seed)]
    return shlex.join(words)


def share_string(experiment: Experiment) -> str:
    """A short text that `read_share_string` turns back into the experiment."""
    text = json.dumps([experiment.lab, experiment.params, experiment.seed], separators=(",", ":"))
    return _PREFIX + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode("ascii").rstrip("=")


def read_share_string(text: str) -> Experiment:
    """The experiment in a share string. Raises StudioError if it is not one."""
    try:
        if not text.startswith(_PREFIX) or len(text) > _LONGEST:
            raise ValueError
        packed = text[len(_PREFIX) :].strip()
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), _LONGEST)
        lab, params, seed = json.loads(raw)
        if not (isinstance(lab, str) and isinstance(params, dict) and isinstance(seed, int)):
            raise TypeError
    except (ValueError, TypeError, binascii.Error, zlib.error, RecursionError) as error:
        raise StudioError(
            "This is not a share string of Perception Studio (it begins with ps1: and is copied whole)."
        ) from error
    return Experiment(lab, params, seed)
