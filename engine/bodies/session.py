"""A session with six sensors: a body stands still in a pose that is known, then moves. Simulated, or a person's own recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from engine.bodies.gait import make_motion
from engine.bodies.inertial import (
    PLACES,
    SEGMENTS,
    SENSORS,
    Chance,
    Faults,
    Orientation,
    Reading,
    Recording,
    calibrate,
    faulty,
    ideal_recording,
    level_and_north,
    random_mounts,
)
from engine.bodies.recordings import read_recording
from engine.bodies.sparse_pose import joint_places, world_rotations

if TYPE_CHECKING:
    from engine.bodies.motion import Motion

STILL, BLEND = 1.0, 0.6
"""Seconds: how long the body stands, and how long it takes from there into the motion."""
HISTORY = 3600
"""Frames that a tracker remembers."""
IRON = np.array([1.0, 0.0, 0.0])
"""Where a magnet near the forearms pulls, world: to the east."""


@dataclass(frozen=True)
class Truth:
    """What only a simulation knows: poses, and world from sensor."""

    pose: Float[ndarray, "t 24 3"]
    world: Float[ndarray, "t 24 3 3"]
    sensors: Float[ndarray, "t s 3 3"]


@dataclass(frozen=True)
class Session:
    """What was measured (`truth` None), or what would be without faults. The first `still` frames are the pose `stand`."""

    recording: Recording
    rate: float
    still: int
    stand: Float[ndarray, "24 3"]
    truth: Truth | None = None
    chance: Chance | None = None
    note: str = ""

    def __len__(self) -> int:
        return len(self.recording)

    def reading(self, frame: int, faults: Faults) -> Reading:
        """What the sensors say at a frame: with its own faults where it was recorded, with these where it is simulated."""
        if self.truth is None or self.chance is None:
            return self.recording.at(frame)
        near = np.array(["forearm" in name for name in SENSORS])[:, None]
        iron = near * (np.swapaxes(self.truth.sensors[frame], -1, -2) @ IRON)
        return faulty(self.recording, frame, faults, self.chance, iron)

    def stillness(self, faults: Faults) -> Reading:
        """The mean of the readings while the body stands."""
        readings = [self.reading(frame, faults) for frame in range(self.still)]
        return Reading(
            np.mean([reading.gyro for reading in readings], 0),
            np.mean([reading.accelerometer for reading in readings], 0),
            np.mean([reading.magnetometer for reading in readings], 0),
        )


def standing() -> Float[ndarray, "24 3"]:
    """The pose of calibration: upright, arms hanging."""
    return np.asarray(make_motion("wave", 1).poses[0].numpy())


def simulate(motion: Motion, rest: Float[ndarray, "24 3"], rng: np.random.Generator, sloppy: float = 0.0) -> Session:
    """Straps six sensors on somehow and lets a body stand and then move.

    Args:
        motion: of the SMPL layout.
        rest: its joints in the zero pose, metres.
        rng: of the straps and of the faults.
        sloppy: by how much each segment is off the pose of calibration, radians.
    """
    stand = standing()
    poses = motion.poses.double().numpy()
    still, blend = round(STILL * motion.fps), round(BLEND * motion.fps)
    held = np.repeat((stand + _slips(rng, sloppy))[None], still, 0)
    share = np.linspace(0, 1, blend + 2)[1:-1, None, None]
    share = share * share * (3 - 2 * share)
    pose = np.concatenate([held, held[-1:] + share * (poses[:1] - held[-1:]), poses])
    travel = motion.translation.double().numpy()
    travel = np.concatenate([np.repeat(travel[:1], still + blend, 0), travel])
    world = world_rotations(pose)
    segments = world[:, list(SEGMENTS)]
    places = joint_places(world, rest, travel)[:, list(SEGMENTS)] + (segments @ PLACES[..., None])[..., 0]
    sensors = segments @ random_mounts(len(SEGMENTS), rng)
    return Session(
        ideal_recording(sensors, places, motion.fps),
        motion.fps,
        still,
        stand,
        Truth(pose, world, sensors),
        Chance.draw(len(pose), len(SEGMENTS), rng),
        motion.note,
    )


def _slips(rng: np.random.Generator, size: float) -> Float[ndarray, "24 3"]:
    slips = rng.standard_normal((24, 3))
    return np.asarray(size * slips / np.linalg.norm(slips, axis=-1, keepdims=True))


def recorded(path: Path, rate: float = 60.0) -> Session:
    """A person's own recording, whose first second is the pose of calibration. Raises DataError."""
    found = read_recording(path, rate)
    return Session(found.recording, found.rate, round(STILL * found.rate), standing(), note=found.note)


@dataclass(frozen=True)
class Tracker:
    """What a run keeps, changed in place: the filter, the pose, and how they fared in the last minute, frame by frame in a ring."""

    filter: Orientation
    mounts: Float[ndarray, "s 3 3"]
    pose: Float[ndarray, "24 3"]
    off: Float[ndarray, "h s"]  # degrees
    angle: Float[ndarray, "h j"]  # degrees, of the joints that are watched
    at: Int[ndarray, "1"]

    def tracked(self) -> dict[str, ndarray]:
        """What a snapshot holds."""
        own = {name: getattr(self, name) for name in ("mounts", "pose", "off", "angle", "at")}
        return {"rotation": self.filter.rotation, "bias": self.filter.bias, **own}

    def recent(self, seconds: float, rate: float) -> Int[ndarray, " n"]:
        """The frames of the last so many seconds, the newest last."""
        now = int(self.at[0])
        return np.arange(max(0, now + 1 - min(HISTORY, round(seconds * rate))), now + 1)


def start(session: Session, faults: Faults, joints: int) -> Tracker:
    """Stands still: the sensors' orientations from up and north, and how they are strapped on from the pose that is known."""
    sensors = level_and_north(session.stillness(faults))
    segments = world_rotations(session.stand)[list(SEGMENTS)]
    return Tracker(
        Orientation(sensors, np.zeros((len(SENSORS), 3))),
        calibrate(sensors, segments),
        session.stand.copy(),
        np.full((HISTORY, len(SENSORS)), np.nan),
        np.full((HISTORY, joints), np.nan),
        np.zeros(1, np.int64),
    )


def sensor_axes(
    rotation: Float[ndarray, "s 3 3"], places: Float[ndarray, "s 3"], length: float
) -> Float[ndarray, "n 2 3"]:
    """Three strokes for each sensor, along its own axes. Metres."""
    ends = places[:, None] + length * np.swapaxes(rotation, -1, -2)
    return np.stack([np.broadcast_to(places[:, None], ends.shape), ends], 2).reshape(-1, 2, 3)
