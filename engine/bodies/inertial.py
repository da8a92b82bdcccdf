"""Six inertial sensors on a body: what they measure, how their orientations are estimated, and how they are fitted to the limbs.

A sensor k is strapped to a segment somehow: R_sensor = R_segment M_k. It measures, each in its own frame and with noise,

    ω̃ = ω + b + σ_g n        turning, radians/s, with a bias b
    ã = Rᵀ(p̈ − g) + σ_a n    what a mass feels, m/s²
    m̃ = Rᵀ(m + d) + σ_m n    the earth's field, of length one, and whatever iron adds to it

A complementary filter on rotations turns the gyroscope's integral towards the two directions that it should see, up and north, and
learns the bias from what remains (Mahony, Hamel & Pflimlin 2008, "Nonlinear complementary filters on the special orthogonal group",
eq. 48).
Frames: world is y up; +z is magnetic north. `[…, 3, 3]` is world from sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from engine.bodies.layouts import SMPL
from engine.bodies.turns import matrices_of, vectors_of

UP = np.array([0.0, 1.0, 0.0])
GRAVITY = -9.81 * UP
DIP = np.radians(64.0)
NORTH = np.array([0.0, -np.sin(DIP), np.cos(DIP)])
"""The earth's field in central Europe, of length one: it points into the ground."""

SENSORS = {"pelvis": "pelvis", "head": "head", "left forearm": "left_elbow", "right forearm": "right_elbow",
           "left shin": "left_knee", "right shin": "right_knee"}  # fmt: skip
"""Where they are worn, and the joint whose frame is the segment's, as in von Marcard et al. 2017, "Sparse inertial poser"."""
SEGMENTS = tuple(SMPL.index(joint) for joint in SENSORS.values())
PLACES = np.array([[0, 0.05, -0.1], [0, 0.1, 0.1], [0.18, 0, 0], [-0.18, 0, 0], [0, -0.15, 0.05], [0, -0.15, 0.05]])
"""`[6, 3]` metres from the segment's joint, in its frame."""


@dataclass(frozen=True)
class Faults:
    """What is wrong with real sensors. Noise is per square root of a second for the gyroscope, per sample for the others."""

    gyro_noise: float = 0.005  # rad/√s
    gyro_bias: float = 0.01  # rad/s, length
    accelerometer_noise: float = 0.1  # m/s²
    magnetometer_noise: float = 0.01  # of the earth's field
    disturbance: float = 0.0  # of the earth's field, while iron is near


@dataclass(frozen=True)
class Reading:
    """What the sensors say at one moment, each in its own frame: rad/s, m/s², shares of the earth's field. All `[S, 3]`."""

    gyro: Float[ndarray, "s 3"]
    accelerometer: Float[ndarray, "s 3"]
    magnetometer: Float[ndarray, "s 3"]


@dataclass(frozen=True)
class Recording:
    """Readings through time: `[T, S, 3]` each, `time` `[T]` seconds."""

    time: Float[ndarray, " t"]
    gyro: Float[ndarray, "t s 3"]
    accelerometer: Float[ndarray, "t s 3"]
    magnetometer: Float[ndarray, "t s 3"]

    def __len__(self) -> int:
        return len(self.time)

    def at(self, frame: int) -> Reading:
        """The readings of one frame."""
        return Reading(self.gyro[frame], self.accelerometer[frame], self.magnetometer[frame])


def ideal_recording(sensors: Float[ndarray, "t s 3 3"], places: Float[ndarray, "t s 3"], rate: float) -> Recording:
    """What faultless sensors measure.

    Args:
        sensors: world from sensor.
        places: metres, world.
        rate: frames a second.

    Returns:
        The turning from each frame to the next (so that summing it up is exact), and the forces by central differences.
    """
    turns = vectors_of(np.swapaxes(sensors[:-1], -1, -2) @ sensors[1:]) * rate
    turns = np.concatenate([turns, turns[-1:]])
    speed = np.gradient(places, 1 / rate, axis=0)
    felt = np.gradient(speed, 1 / rate, axis=0) - GRAVITY
    inverse = np.swapaxes(sensors, -1, -2)
    return Recording(np.arange(len(sensors)) / rate, turns, (inverse @ felt[..., None])[..., 0], inverse @ NORTH)


@dataclass(frozen=True)
class Chance:
    """The random numbers behind the faults, drawn once, so that a fault may change in mid-run. Standard normal."""

    gyro: Float[ndarray, "t s 3"]
    accelerometer: Float[ndarray, "t s 3"]
    magnetometer: Float[ndarray, "t s 3"]
    bias: Float[ndarray, "s 3"]  # directions of length one

    @classmethod
    def draw(cls, frames: int, sensors: int, rng: np.random.Generator) -> Chance:
        """For so many frames of so many sensors. A longer session begins as a shorter one does."""
        bias = rng.standard_normal((sensors, 3))
        noise = rng.standard_normal((frames, 3, sensors, 3))
        unit = bias / np.linalg.norm(bias, axis=-1, keepdims=True)
        return cls(noise[:, 0], noise[:, 1], noise[:, 2], unit)


def faulty(ideal: Recording, frame: int, faults: Faults, chance: Chance, iron: Float[ndarray, "s 3"]) -> Reading:
    """What real sensors say at a frame. `iron`: the disturbance's direction, in each sensor's frame; zero where none is near."""
    rate = 1 / (ideal.time[1] - ideal.time[0])
    return Reading(
        ideal.gyro[frame] + faults.gyro_bias * chance.bias + faults.gyro_noise * np.sqrt(rate) * chance.gyro[frame],
        ideal.accelerometer[frame] + faults.accelerometer_noise * chance.accelerometer[frame],
        ideal.magnetometer[frame] + faults.disturbance * iron + faults.magnetometer_noise * chance.magnetometer[frame],
    )


# Orientations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trust:
    """How the filter turns towards what it sees, 1/s: `level` towards up, `heading` towards north; `learn` the bias, 1/s².

    `gate`: how far, as a share of the field's length or in radians of dip, the field may be off before it is not believed.
    """

    level: float = 1.0
    heading: float = 1.0
    learn: float = 0.1
    gate: float = np.inf


@dataclass
class Orientation:
    """The filter's state: world from sensor `[S, 3, 3]` and the bias `[S, 3]` learned so far, rad/s. Changed in place."""

    rotation: Float[ndarray, "s 3 3"]
    bias: Float[ndarray, "s 3"]


def drift(seconds: Float[ndarray, "*t"], noise: float, bias: float) -> Float[ndarray, "*t"]:
    """By how much an integrated gyroscope is expected to be off, root mean square, radians: √(3 σ² t + b² t²)."""
    return np.asarray(np.sqrt(3 * noise**2 * seconds + (bias * seconds) ** 2))


def believable(magnetometer: Float[ndarray, "s 3"], up: Float[ndarray, "s 3"], gate: float) -> Float[ndarray, "s 1"]:
    """1 where the field has the length and the dip that it should have, else 0."""
    length = np.linalg.norm(magnetometer, axis=-1)
    dip = np.arcsin(np.clip(-(magnetometer * up).sum(-1) / np.maximum(length, 1e-9), -1, 1))
    return ((np.abs(length - 1) < gate) & (np.abs(dip - DIP) < gate)).astype(float)[:, None]


def advance(state: Orientation, reading: Reading, dt: float, trust: Trust) -> None:
    """One step of the filter: corrects the estimate by what the sensors see, then turns it on to the next moment."""
    inverse = np.swapaxes(state.rotation, -1, -2)
    up = inverse @ UP
    seen_up = reading.accelerometer / np.maximum(np.linalg.norm(reading.accelerometer, axis=-1, keepdims=True), 1e-9)
    tilt = np.cross(seen_up, up)
    # Only what the field says about the heading counts: iron must not tip the horizon.
    turned = (np.cross(reading.magnetometer, inverse @ NORTH) * up).sum(-1, keepdims=True) * up
    turned = turned * believable(reading.magnetometer, up, trust.gate)
    correction = trust.level * tilt + trust.heading * turned / np.cos(DIP) ** 2
    state.rotation[:] = state.rotation @ matrices_of((reading.gyro - state.bias + correction) * dt)
    if trust.level + trust.heading > 0:
        state.bias -= trust.learn * (tilt + turned) * dt


def level_and_north(readings: Reading) -> Float[ndarray, "s 3 3"]:
    """World from sensor of sensors at rest, from the two directions that they see (TRIAD, Black 1964): up counts, north is bent to it."""
    up = readings.accelerometer / np.linalg.norm(readings.accelerometer, axis=-1, keepdims=True)
    east = np.cross(up, readings.magnetometer)
    east /= np.maximum(np.linalg.norm(east, axis=-1, keepdims=True), 1e-9)
    return np.stack([east, up, np.cross(east, up)], -2)  # rows: the world's x, y and z as the sensor sees them


def mean_reading(recording: Recording, frames: slice) -> Reading:
    """What sensors at rest say on average."""
    return Reading(
        recording.gyro[frames].mean(0), recording.accelerometer[frames].mean(0), recording.magnetometer[frames].mean(0)
    )


def calibrate(sensors: Float[ndarray, "s 3 3"], segments: Float[ndarray, "s 3 3"]) -> Float[ndarray, "s 3 3"]:
    """M, segment from sensor, from one moment at which the pose is known: M = R_segmentᵀ R_sensor."""
    return np.asarray(np.swapaxes(segments, -1, -2) @ sensors)


def random_mounts(count: int, rng: np.random.Generator) -> Float[ndarray, "s 3 3"]:
    """How sensors happen to be strapped on: any rotation is as likely as any other."""
    quaternion = rng.standard_normal((count, 4))
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    half = np.arccos(np.clip(quaternion[:, :1], -1, 1))
    axis = quaternion[:, 1:] / np.maximum(np.linalg.norm(quaternion[:, 1:], axis=-1, keepdims=True), 1e-12)
    return matrices_of(2 * half * axis)
