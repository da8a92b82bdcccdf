"""Pictures of bodies without a window: one of a moment, many of a motion, once around."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, UInt8

from engine.bodies.model import BodyModel, pose_body
from engine.raster import Camera, Canvas, Orbit, draw_mesh

if TYPE_CHECKING:
    from engine.bodies.motion import Motion

SKIN = (214, 196, 182)
BLUE = (130, 170, 225)
LARGEST_BATCH = 16


def z_up(points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """From the bodies' axes (y up, looking along +z) to those of a viewport (z up, looking along +x)."""
    return np.asarray(points)[..., [2, 0, 1]]


def y_up(points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """The way back from `z_up`."""
    return np.asarray(points)[..., [1, 2, 0]]


def orbit_around(vertices: Float[np.ndarray, "*n v 3"], yaw: float = 0.6) -> Orbit:
    """The view that holds a body at every moment, from a little to its left."""
    orbit = Orbit.around(z_up(vertices).reshape(-1, 3), fov_y=math.radians(35))
    return dataclasses.replace(orbit, yaw=yaw, pitch=0.12, distance=0.8 * orbit.distance)


def picture_of(
    vertices: Float[np.ndarray, "v 3"],
    faces: Int[np.ndarray, "f 3"],
    size: tuple[int, int] = (720, 960),
    orbit: Orbit | None = None,
    canvas: Canvas | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """The shaded body. `size`: width and height, pixels; `canvas`: reused where there are many pictures."""
    canvas = canvas or Canvas(*size, supersample=2)
    canvas.clear()
    eye = (orbit or orbit_around(vertices)).camera(canvas.width, canvas.height)
    draw_mesh(canvas, eye, z_up(vertices), faces, base_colour=SKIN)
    return canvas.image()[..., :3].copy()


def overlay(
    pixels: UInt8[np.ndarray, "h w 3"],
    vertices: Float[np.ndarray, "v 3"],
    faces: Int[np.ndarray, "f 3"],
    focal: float,
    opacity: float = 0.75,
) -> UInt8[np.ndarray, "h w 3"]:
    """A body in the frame of the picture's camera, laid over the picture. `focal`: pixels; the camera looks through the middle."""
    height, width = pixels.shape[:2]
    canvas = Canvas(width, height, supersample=2)
    camera = Camera(np.eye(4), 2 * math.atan(height / (2 * focal)), width, height)
    draw_mesh(canvas, camera, vertices, faces, base_colour=BLUE)
    cover = np.isfinite(canvas.depth).reshape(height, 2, width, 2).mean((1, 3))[..., None] * opacity
    return (pixels * (1 - cover) + canvas.image()[..., :3] * cover).astype(np.uint8)


def film_of(
    model: BodyModel, motion: Motion, size: tuple[int, int] = (640, 720), turns: float = 0.0
) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """A picture for each frame; the eye goes around the body `turns` times meanwhile."""
    faces, canvas = model.faces.numpy(), Canvas(*size, supersample=2)
    betas = motion.betas[None, : model.shapes].to(model.dtype)
    coarse = slice(None, None, max(1, len(motion) // 50))
    seen = pose_body(model, betas, motion.poses[coarse], motion.translation[coarse]).joints.numpy()
    room = np.concatenate([seen + 0.25, seen - 0.25], 1)
    orbit = orbit_around(room)
    for start in range(0, len(motion), LARGEST_BATCH):
        part = slice(start, start + LARGEST_BATCH)
        posed = pose_body(model, betas, motion.poses[part], motion.translation[part])
        for index, vertices in enumerate(posed.vertices.numpy(), start):
            yaw = orbit.yaw + math.tau * turns * index / len(motion)
            yield picture_of(vertices, faces, orbit=dataclasses.replace(orbit, yaw=yaw), canvas=canvas)
