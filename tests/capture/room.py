"""A room of three textured planes and photos of it with exact poses, made in milliseconds: what the tests capture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SIZE = (320, 240)
FOCAL = 300.0
LENS = np.array([[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1.0]])

# Origin, and the two edges of each plane, metres; z up. The later ones lie in front.
PLANES = (
    ((-3, 2.0, 0.0), (6, 0, 0), (0, 0, 3)),
    ((-3, -2.5, 0.0), (6, 0, 0), (0, 4.5, 0)),
    ((-0.6, -0.3, 0.5), (1.2, 0, 0), (0, 0.8, 0.25)),
)


def texture(seed: int) -> np.ndarray:
    """Blobs of all sizes, `[512, 512, 3]`."""
    rng = np.random.default_rng(seed)
    total = np.zeros((512, 512, 3), np.float32)
    for cells, strength in ((16, 1.0), (48, 0.9), (128, 0.8)):
        total += strength * cv2.resize(
            rng.standard_normal((cells, cells, 3)).astype(np.float32), (512, 512), interpolation=cv2.INTER_CUBIC
        )
    return np.clip(128 + 45 * total, 0, 255).astype(np.uint8)


def pose(eye: tuple[float, float, float], target: tuple[float, float, float] = (0, 0.3, 0.4)) -> np.ndarray:
    """World to camera, OpenCV."""
    ahead = np.subtract(target, eye)
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, (0, 0, 1))
    right /= np.linalg.norm(right)
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = np.stack([right, np.cross(ahead, right), ahead])
    camera_from_world[:3, 3] = -camera_from_world[:3, :3] @ np.array(eye)
    return camera_from_world


def photograph(camera_from_world: np.ndarray, seed: int = 0) -> np.ndarray:
    """One photo of the room whose textures have this seed."""
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    corners = np.array([[0, 0], [512, 0], [512, 512], [0, 512]], np.float32)
    for k, (origin, across, up) in enumerate(PLANES):
        o, a, b = (np.array(part, float) for part in (origin, across, up))
        world = np.stack([o + b, o + a + b, o + a, o])
        seen = world @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
        if seen[:, 2].min() < 0.05:
            continue
        places = (seen @ LENS.T)[:, :2] / seen[:, 2:] - 0.5
        warp = cv2.getPerspectiveTransform(corners, places.astype(np.float32))
        surface = texture(10 * seed + k)
        painted = cv2.warpPerspective(surface, warp, SIZE, flags=cv2.INTER_LINEAR)
        inside = cv2.warpPerspective(np.full((512, 512), 255, np.uint8), warp, SIZE, flags=cv2.INTER_NEAREST) > 0
        picture[inside] = painted[inside]
    return picture


def poses(count: int) -> list[np.ndarray]:
    """A walk along an arc."""
    angles = np.linspace(-0.55, 0.55, count)
    return [pose((3.6 * np.sin(a), -3.6 * np.cos(a), 1.5 + 0.25 * (k % 2))) for k, a in enumerate(angles)]


def write_photos(folder: Path, count: int = 7, seed: int = 0) -> list[np.ndarray]:
    """Photos `photo_0.jpg`, … of a walk; returns their poses."""
    folder.mkdir(parents=True, exist_ok=True)
    walk = poses(count)
    for k, camera_from_world in enumerate(walk):
        Image.fromarray(photograph(camera_from_world, seed)).save(folder / f"photo_{k}.jpg", quality=92)
    return walk
