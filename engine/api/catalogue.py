"""Which labs there are, without importing one.

Importing the labs imports torch (a second or more), so the list is made once in a child process and kept in a cache file beside a
fingerprint of every source file of `engine`. While the fingerprint holds, reading the list takes milliseconds; after any edit it is remade.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from engine.api.errors import StudioError, UnknownLabError
from engine.api.lab import LabInfo, info_from_json
from engine.api.records import write_text_atomically
from engine.api.words import near

ENGINE = Path(__file__).resolve().parent.parent
ROOT = ENGINE.parent
LABS = ENGINE / "labs"


def fingerprint() -> str:
    """A hash over path, size and time of change of every source file of the engine, and the Python version."""
    digest = hashlib.sha256(sys.version.encode())
    for folder, folders, files in os.walk(ENGINE):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            if name.endswith(".py"):
                status = (Path(folder) / name).stat()
                digest.update(f"{folder}/{name}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def read_cached(cache: Path) -> tuple[LabInfo, ...] | None:
    """The labs in the cache, if it is of these very sources; None otherwise."""
    try:
        data = json.loads((cache / "labs.json").read_text("utf-8"))
        if data["fingerprint"] != fingerprint():
            return None
        return tuple(info_from_json(entry) for entry in data["labs"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_cache(cache: Path, labs: list[dict[str, object]]) -> None:
    """Keeps the list. A cache that cannot be written is done without."""
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        write_text_atomically(cache / "labs.json", json.dumps({"fingerprint": fingerprint(), "labs": labs}))


def read_labs(cache: Path) -> tuple[LabInfo, ...]:
    """Every lab: from the cache, else from a child process that imports them (seconds). Raises StudioError if that child fails."""
    cached = read_cached(cache)
    if cached is not None:
        return cached
    command = [sys.executable, str(ROOT / "main.py"), "labs", "--json"]
    child = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")  # our own program
    if child.returncode != 0:
        raise StudioError(
            "The list of labs could not be made: " + (child.stderr.strip().splitlines() or ["no reason given"])[-1]
        )
    return tuple(info_from_json(entry) for entry in json.loads(child.stdout)["labs"])


def find_lab(labs: tuple[LabInfo, ...], lab_id: str) -> LabInfo:
    """The lab of that id. Raises UnknownLabError with near names, or with the reason why it is broken."""
    for info in labs:
        if info.id == lab_id:
            if info.broken:
                raise UnknownLabError(f"The lab {lab_id} does not load: {info.broken}")
            return info
    raise UnknownLabError(f"There is no lab “{lab_id}”{near(lab_id, [info.id for info in labs])}")
