"""Recordings of six sensors: written and read back, with holes, repetitions and nonsense."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from engine.api.errors import DataError
from engine.bodies.gait import make_motion
from engine.bodies.inertial import SENSORS, Faults
from engine.bodies.recordings import COLUMNS, read_recording, write_recording
from engine.bodies.session import Session, recorded, simulate

REST = np.cumsum(np.full((24, 3), 0.1), 0)
HEAD = ",".join(COLUMNS)


@pytest.fixture(scope="module")
def session() -> Session:
    return simulate(make_motion("walk", 60), REST, np.random.default_rng(0))


@pytest.fixture
def file(tmp_path: Path, session: Session) -> Path:
    path = tmp_path / "walk.csv"
    write_recording(path, session.recording)
    return path


def test_what_is_written_is_read(file: Path, session: Session) -> None:
    found = read_recording(file)
    shared = min(len(found.recording), len(session))
    assert shared >= len(session) - 1
    for name in ("gyro", "accelerometer", "magnetometer"):
        read, written = getattr(found.recording, name)[:shared], getattr(session.recording, name)[:shared]
        assert read == pytest.approx(written, abs=2e-3)
    own = recorded(file)
    assert own.truth is None
    assert own.reading(3, Faults(gyro_bias=5.0)).gyro == pytest.approx(own.recording.gyro[3])  # no faults are added


def test_holes_are_bridged_and_repetitions_counted_once(file: Path) -> None:
    lines = file.read_text().splitlines()
    hole = [line for line in lines[1:] if not 0.5 < float(line.split(",")[0]) < 1.0]
    file.write_text("\n".join([HEAD, *hole, hole[10], hole[10], "0.1,head,what,0,0,0,0,0,0,0,0"]))
    found = read_recording(file)
    assert "bridged a hole of 0.5" in found.note
    assert "2 repeated moments counted once" in found.note
    assert "1 row could not be read" in found.note
    assert np.isfinite(found.recording.gyro).all()


def test_rows_in_any_order_are_sorted(file: Path) -> None:
    whole = read_recording(file).recording
    lines = file.read_text().splitlines()
    file.write_text("\n".join([HEAD, *np.random.default_rng(0).permutation(lines[1:]).tolist()]))
    assert read_recording(file).recording.gyro == pytest.approx(whole.gyro)


def test_the_field_may_be_in_any_unit(file: Path) -> None:
    lines = file.read_text().splitlines()
    scaled = [
        ",".join([*cells[:8], *(str(48.0 * float(cell)) for cell in cells[8:])])
        for cells in (line.split(",") for line in lines[1:])
    ]
    file.write_text("\n".join([HEAD, *scaled]))
    lengths = np.linalg.norm(read_recording(file).recording.magnetometer, axis=-1)
    assert np.median(lengths) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no recording"),
        ("a,b,c\n1,2,3\n", "first line must be time,sensor"),
        (HEAD + "\n", "no readings of the sensor “pelvis”"),
        (HEAD + "\n0,elbow,0,0,0,0,0,0,0,0,0\n", "names a sensor “elbow”"),
        (
            HEAD + "\n" + "\n".join(f"{t},{n},0,0,0,0,9.8,0,0,1,0" for t in (0, 0.1) for n in SENSORS),
            "less than a second",
        ),
        (
            HEAD + "\n" + "\n".join(f"{t},{n},0,0,0,0,9.8,0,0,1,0" for t in (0, 5) for n in tuple(SENSORS)[1:]),
            "all six",
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_recording(path)


def test_a_file_cut_off_anywhere_is_read_or_refused(file: Path) -> None:
    data = file.read_bytes()
    for share in np.linspace(0, 1, 25):
        file.write_bytes(data[: int(share * len(data))])
        with contextlib.suppress(DataError):
            assert np.isfinite(read_recording(file).recording.gyro).all()
