"""Motions that need no file: joint angles as a few harmonics of time.

The walk follows the sagittal joint angles of normal gait (Winter 1991, "The biomechanics and motor control of human gait") in their first
harmonics: hip, knee and ankle of one leg, the other half a cycle later, arms against legs.
Angles are in degrees here and flex forwards; the joints' own frames are those of the SMPL layout at rest: y up, looking along +z, arms out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from engine.bodies.layouts import SMPL
from engine.bodies.motion import Motion
from engine.bodies.turns import matrices_of, vectors_of

CADENCE = 0.9
"""Walking cycles, two steps each, in a second."""
SPEED = 1.3
"""Metres in a second that the walker covers."""
ARMS_DOWN = 72.0


Angles = dict[str, Float[ndarray, "t 3"]]
"""Of some joints: rotation vectors, degrees."""


def harmonics(phase: Float[ndarray, " t"], mean: float, *terms: tuple[float, float]) -> Float[ndarray, " t"]:
    """Mean + Σₙ aₙ cos n(φ − φₙ): amplitude and the share of the cycle at which the n-th harmonic peaks."""
    total = np.full_like(phase, mean)
    for n, (amplitude, peak) in enumerate(terms, start=1):
        total = total + amplitude * np.cos(n * (phase - math.tau * peak))
    return total


def _about(axis: int, degrees: Float[ndarray, " t"]) -> Float[ndarray, "t 3"]:
    turn = np.zeros((len(degrees), 3))
    turn[:, axis] = degrees
    return turn


def _leg(side: str, phase: Float[ndarray, " t"]) -> Angles:
    """Hip, knee and ankle, heel strike at phase 0. Flexion is a negative turn about x for the hip, a positive one for the knee."""
    hip = harmonics(phase, 11.0, (20.0, -0.07), (3.5, 0.0))
    knee = harmonics(phase, 24.0, (17.0, 0.78), (15.0, 0.22), (5.0, 0.05)).clip(2.0)
    ankle = harmonics(phase, 1.0, (5.0, 0.35), (7.0, 0.42))
    return {f"{side}_hip": _about(0, -hip), f"{side}_knee": _about(0, knee), f"{side}_ankle": _about(0, -ankle)}


def _arm(side: str, swing: Float[ndarray, " t"], bend: Float[ndarray, " t"]) -> Angles:
    """An arm that hangs and swings forwards by `swing`, bent at the elbow by `bend`."""
    sign = 1.0 if side == "left" else -1.0
    lowered = matrices_of(np.radians(_about(2, np.full_like(swing, -sign * ARMS_DOWN))))
    swung = matrices_of(np.radians(_about(0, -swing)))
    return {f"{side}_shoulder": np.degrees(vectors_of(swung @ lowered)), f"{side}_elbow": _about(1, -sign * bend)}


def walk(phase: Float[ndarray, " t"]) -> Angles:
    """Two steps a cycle; the trunk turns against the hips, and the arms swing against the legs."""
    left, right = phase, phase + math.pi
    twist = harmonics(phase, 0.0, (4.0, 0.0))
    return {
        "pelvis": _about(1, -twist),
        "spine2": _about(1, 1.4 * twist),
        "spine3": _about(1, 0.8 * twist),
        "neck": _about(1, -1.2 * twist),
        **_leg("left", left),
        **_leg("right", right),
        **_arm("left", harmonics(right, 2.0, (20.0, 0.0)), harmonics(right, 22.0, (9.0, 0.02))),
        **_arm("right", harmonics(left, 2.0, (20.0, 0.0)), harmonics(left, 22.0, (9.0, 0.02))),
    }


def wave(phase: Float[ndarray, " t"]) -> Angles:
    """The right arm is raised and waves; the body stands and breathes."""
    lift = 0.5 - 0.5 * np.cos(0.5 * phase)
    still = np.zeros_like(phase)
    sway = 3.0 * np.sin(0.5 * phase)
    arms = {**_arm("left", still, still + 12.0), **_arm("right", still, still)}
    raised = matrices_of(np.radians(_about(2, ARMS_DOWN * (1 - lift) - 35.0 * lift)))
    arms["right_shoulder"] = np.degrees(vectors_of(raised))
    arms["right_elbow"] = _about(2, -lift * (45.0 + 25.0 * np.sin(2 * phase)))
    return {"spine2": _about(2, sway), "head": _about(1, 4.0 * sway), **arms}


def squat(phase: Float[ndarray, " t"]) -> Angles:
    """Down and up again, the arms held out for balance."""
    down = 0.5 - 0.5 * np.cos(phase)
    legs: Angles = {}
    for side in ("left", "right"):
        legs[f"{side}_hip"] = _about(0, -95.0 * down)
        legs[f"{side}_knee"] = _about(0, 110.0 * down)
        legs[f"{side}_ankle"] = _about(0, -28.0 * down)
        legs |= _arm(side, 80.0 * down, 10.0 + 0.0 * down)
    return {"pelvis": _about(0, 20.0 * down), "spine1": _about(0, 8.0 * down), "neck": _about(0, -16.0 * down), **legs}


MOTIONS: dict[str, Callable[[Float[ndarray, " t"]], Angles]] = {"walk": walk, "wave": wave, "squat": squat}
_CYCLES = {"walk": CADENCE, "wave": 0.6, "squat": 0.35}


def make_motion(name: str, frames: int, rate: float = 60.0, leg: float = 0.8) -> Motion:
    """One of `MOTIONS`, from its beginning.

    Args:
        name: which.
        frames: how many.
        rate: frames a second.
        leg: length of a leg, metres: by how much a squat lowers the pelvis.
    """
    seconds = np.arange(frames) / rate
    phase = math.tau * _CYCLES[name] * seconds
    pose = np.zeros((frames, len(SMPL), 3))
    for joint, degrees in MOTIONS[name](phase).items():
        pose[:, SMPL.index(joint)] = np.radians(degrees)
    travel = torch.from_numpy(_travel(name, phase, seconds, leg))
    return Motion(SMPL, torch.from_numpy(pose), travel, rate, torch.zeros(0, dtype=torch.float64), name)


def _travel(name: str, phase: Float[ndarray, " t"], seconds: Float[ndarray, " t"], leg: float) -> Float[ndarray, "t 3"]:
    """Where the pelvis is: a walker goes along +z and bobs twice a cycle, a squatter goes down."""
    travel = np.zeros((len(phase), 3))
    if name == "walk":
        travel[:, 1] = -0.02 * np.cos(2 * phase)
        travel[:, 2] = SPEED * seconds
    elif name == "squat":
        travel[:, 1] = -0.62 * leg * (0.5 - 0.5 * np.cos(phase))
    return travel
