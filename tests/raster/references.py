"""What the kernels are held against: the same pictures by the plainest numpy, pixel by pixel, in float64."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.raster import Camera, Canvas

Array = NDArray[np.float64]


def looking_along_z(width: int, height: int, fov_y: float = 1.0, **limits: float) -> Camera:
    """A camera at the origin whose frame is the world's."""
    return Camera(np.eye(4), fov_y, width, height, **limits)


def random_pose(rng: np.random.Generator, spread: float = 1.0) -> Array:
    """A uniformly random rotation and a place around the origin, `[4, 4]`."""
    pose = np.eye(4)
    pose[:3, :3] = rotations(rng.normal(size=(1, 4)))[0]
    pose[:3, 3] = rng.normal(size=3) * spread
    return pose


def rotations(quats: Array) -> Array:
    """`[N, 4]` quaternions wxyz of any length to `[N, 3, 3]`, by rotating the axes with q v q*."""
    w, v = quats[:, :1], quats[:, 1:]
    norm = np.linalg.norm(quats, axis=1, keepdims=True)
    w, v = w / norm, v / norm
    columns = []
    for axis in np.eye(3):
        twice = 2.0 * np.cross(v, np.broadcast_to(axis, v.shape))
        columns.append(axis + w * twice + np.cross(v, twice))
    return np.stack(columns, axis=2)


def sight_lines(camera: Camera, width: int, height: int) -> Array:
    """`[H, W, 3]` directions through the pixel centres, camera, with z = 1."""
    camera = camera.resized(width, height)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    inverse = np.linalg.inv(camera.intrinsics)
    return np.stack([x, y, np.ones_like(x)], axis=-1) @ inverse.T


def in_camera(camera: Camera, points: Array) -> Array:
    """World to camera, by the general inverse of the pose."""
    pose = np.linalg.inv(camera.world_from_camera)
    return np.asarray(points, dtype=np.float64) @ pose[:3, :3].T + pose[:3, 3]


def cast_rays(
    camera: Camera, size: tuple[int, int], vertices: Array, faces: NDArray[np.int64]
) -> tuple[Array, NDArray[np.intp], Array]:
    """The nearest triangle along each line of sight (Möller and Trumbore 1997).

    Returns:
        `[H, W]` depths, infinite for none; `[H, W]` faces, −1 for none; `[H, W, 3]` weights of the corners.
    """
    corners = in_camera(camera, vertices)
    rays = sight_lines(camera, *size)
    depth, seen = np.full(rays.shape[:2], math.inf), np.full(rays.shape[:2], -1)
    weights = np.zeros_like(rays)
    for number, face in enumerate(faces):
        a, b, c = corners[face]
        p = np.cross(rays, c - a)
        determinant = p @ (b - a)
        with np.errstate(all="ignore"):
            u = (p @ -a) / determinant
            q = np.cross(-a, b - a)
            v = (rays @ q) / determinant
            z = ((c - a) @ q) / determinant
            hit = (
                (determinant != 0)
                & (u >= 0)
                & (v >= 0)
                & (u + v <= 1)
                & (z >= camera.near)
                & (z <= camera.far)
                & (z < depth)
            )
        depth[hit], seen[hit] = z[hit], number
        weights[hit] = np.stack([1 - u[hit] - v[hit], u[hit], v[hit]], axis=-1)
    return depth, seen, weights


def discs(
    canvas: Canvas, camera: Camera, positions: Array, colours: NDArray[np.uint8], sizes: Array
) -> NDArray[np.uint8]:
    """Points as discs on a copy of the canvas's colours, nearest wins."""
    picture, depth = canvas.colour.copy(), canvas.depth.copy()
    height, width = depth.shape
    fitted = camera.resized(width, height)
    pixels, z = fitted.project(positions)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    for i in range(len(positions)):
        if not (camera.near <= z[i] <= camera.far):
            continue
        inside: NDArray[np.bool_] = np.hypot(x - pixels[i, 0], y - pixels[i, 1]) <= 0.5 * sizes[i] * canvas.supersample
        inside |= (np.floor(x) == np.floor(pixels[i, 0])) & (np.floor(y) == np.floor(pixels[i, 1]))
        inside &= np.float32(z[i]) < depth
        picture[inside, :3], depth[inside] = colours[i], z[i]
    return picture


def composite_splats(
    camera: Camera, size: tuple[int, int], scene: tuple[Array, Array, Array, Array, Array], background: Array
) -> Array:
    """Gaussians front to back, every one at every pixel, without tiles and without an early end.

    Args:
        camera: from where.
        size: width and height.
        scene: means, quats, scales, opacities, colours.
        background: `[H, W, 3]` in 0…1.

    Returns:
        `[H, W, 3]` in 0…1.
    """
    means, quats, scales, opacities, colours = scene
    width, height = size
    fitted = camera.resized(width, height)
    view = np.linalg.inv(fitted.world_from_camera)[:3, :3]
    centres = in_camera(fitted, means)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    light, through = np.zeros((height, width, 3)), np.ones((height, width))
    focal = fitted.intrinsics[0, 0]
    for i in np.argsort(centres[:, 2], kind="stable"):
        cx, cy, cz = centres[i]
        if cz < fitted.near:
            continue
        sx = np.clip(cx / cz, -1.3 * width / 2 / focal, 1.3 * width / 2 / focal)
        sy = np.clip(cy / cz, -1.3 * height / 2 / focal, 1.3 * height / 2 / focal)
        jacobian = focal / cz * np.array([[1.0, 0.0, -sx], [0.0, 1.0, -sy]])
        spread = jacobian @ view @ rotations(quats[i : i + 1])[0] @ np.diag(scales[i])
        inverse = np.linalg.inv(spread @ spread.T + 0.3 * np.eye(2))
        dx, dy = x - (focal * cx / cz + width / 2), y - (focal * cy / cz + height / 2)
        power = inverse[0, 0] * dx * dx + 2 * inverse[0, 1] * dx * dy + inverse[1, 1] * dy * dy
        alpha = np.minimum(0.999, opacities[i] * np.exp(-0.5 * power))
        alpha[alpha < 1 / 255] = 0.0
        light += (alpha * through)[..., None] * colours[i]
        through *= 1 - alpha
    return np.clip(light + through[..., None] * background, 0.0, 1.0)


def decibels(picture: Array, reference: Array) -> float:
    """Peak signal to noise of pictures in 0…1."""
    return -10.0 * math.log10(max(float(np.mean((picture - reference) ** 2)), 1e-20))
