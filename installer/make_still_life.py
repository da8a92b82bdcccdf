"""Makes the still life that ships in assets/scenes/still_life: `python installer/make_still_life.py` (about five minutes).

The software renderer draws the meshes of `still_life_scene.py` into depths; each sample's place in the world then gives its colour, its
normal, its shadow (by a depth picture from the light) and how much of the sky it sees. Forty photos, all of one lens, two walks around
the table and a look from above. The poses they were taken from go into truth.json, which no capture reads. The same file gives the same
photos, up to the JPEG library.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import still_life_scene as scene  # noqa: E402  # the script runs from anywhere

from engine.geometry.marching import marching_cubes  # noqa: E402
from engine.raster.camera import Camera  # noqa: E402
from engine.raster.canvas import Canvas  # noqa: E402
from engine.raster.mesh import draw_mesh  # noqa: E402

WIDTH, HEIGHT, SAMPLES, FOV_Y = 720, 540, 2, math.radians(48)
PHOTOS, BYTES = 40, 3_000_000
SUN = np.array([0.52, -0.42, 0.74]) / np.linalg.norm([0.52, -0.42, 0.74])
SUNLIGHT, SKYLIGHT = np.array([1.55, 1.42, 1.20]), np.array([0.52, 0.56, 0.64])
STEP = 0.0035
LICENCE = "The still life: made by installer/make_still_life.py of Perception Studio. Apache-2.0, as the program.\n"

Mesh = tuple[np.ndarray, np.ndarray]


def meshes() -> list[Mesh]:
    """Everything that can be seen, as triangles."""
    found = [marching_cubes(*scene.grid_of(low, high, STEP)) for low, high in scene.BOXES.values()]
    reach = scene.WALL_RADIUS + 0.1
    corners = np.array([[-reach, -reach], [reach, -reach], [reach, reach], [-reach, reach]])
    floor = np.concatenate([corners, np.full((4, 1), scene.FLOOR_HEIGHT)], 1)
    return [*found, (floor, np.array([[0, 1, 2], [0, 2, 3]])), wall()]


def wall() -> Mesh:
    """The round wall, seen from within."""
    angle = np.linspace(0, 2 * np.pi, 721)
    ring = scene.WALL_RADIUS * np.stack([np.cos(angle), np.sin(angle)], 1)
    low, high = (np.concatenate([ring, np.full((721, 1), z)], 1) for z in (scene.FLOOR_HEIGHT - 0.05, 3.6))
    k = np.arange(720)
    faces = np.concatenate([np.stack([k, k + 722, k + 1], 1), np.stack([k, k + 721, k + 722], 1)])
    return np.concatenate([low, high]), faces


def looking(eye: np.ndarray, target: np.ndarray, width: int, height: int, fov_y: float) -> Camera:
    """A camera that looks from one place to another, level with the horizon."""
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, (0, 0, 1))
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(ahead, right), ahead], 1)
    pose[:3, 3] = eye
    return Camera(pose, fov_y, width, height, near=0.05)


def walk() -> list[Camera]:
    """The photographer's way: 18 low, 14 higher, 8 from above, with the unsteadiness of a hand."""
    rng = np.random.default_rng(7)
    rings = ((18, math.radians(20), 1.95, 0.06), (14, math.radians(40), 1.9, 0.02), (8, math.radians(62), 1.75, 0.0))
    cameras = []
    for count, pitch, radius, rise in rings:
        for k in range(count):
            yaw = 2 * math.pi * (k + 0.5 * (count == 14)) / count + rng.normal(0, 0.03)
            tilt, away = pitch + rng.normal(0, 0.03), radius * (1 + rng.normal(0, 0.04))
            level = away * math.cos(tilt)
            eye = np.array([level * math.cos(yaw), level * math.sin(yaw), away * math.sin(tilt)])
            target = np.array([0, 0, rise]) + rng.normal(0, 0.03, 3)
            cameras.append(looking(eye, target, WIDTH, HEIGHT, FOV_Y))
    return cameras


def depths(camera: Camera, parts: list[Mesh], samples: int) -> np.ndarray:
    """Depth along z of every sample `[H, W]`, infinite where nothing is."""
    canvas = Canvas(camera.width, camera.height, supersample=samples)
    for vertices, faces in parts:
        draw_mesh(canvas, camera, vertices, faces, shading="none")
    return canvas.depth.copy()


def places(camera: Camera, depth: np.ndarray) -> np.ndarray:
    """Where each sample lies in the world, `[H, W, 3]` metres."""
    height, width = depth.shape
    focal = camera.focal * height / camera.height
    x = (np.arange(width) + 0.5 - width / 2) / focal
    y = (np.arange(height) + 0.5 - height / 2) / focal
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), -1)
    return (rays * depth[..., None]) @ camera.world_from_camera[:3, :3].T + camera.position


@scene.fast()
def surface(where, colours, normals, open_sky):
    """Colour, normal and the share of the sky that each place sees (Quilez: distances a little way out along the normal)."""
    for n in range(len(where)):
        x, y, z = where[n, 0], where[n, 1], where[n, 2]
        across = math.hypot(x, y)
        open_sky[n] = 1.0
        nx, ny, nz, thing = 0.0, 0.0, 1.0, scene.FLOOR
        if across > scene.WALL_RADIUS - 0.02:
            thing, nx, ny, nz = scene.WALL, -x / across, -y / across, 0.0
        elif across < 1.5:
            distance, nearest = scene.nearest(x, y, z)
            if z > scene.FLOOR_HEIGHT + 0.004 or distance < 0.003:
                thing = nearest
                nx, ny, nz = slope(x, y, z)
            open_sky[n] = openness(x, y, z, nx, ny, nz)
        colours[n, 0], colours[n, 1], colours[n, 2] = scene.colour_of(thing, x, y, z)
        normals[n, 0], normals[n, 1], normals[n, 2] = nx, ny, nz


@scene.fast()
def slope(x, y, z):
    """The direction in which the distance grows."""
    e = 0.001
    nx = scene.nearest(x + e, y, z)[0] - scene.nearest(x - e, y, z)[0]
    ny = scene.nearest(x, y + e, z)[0] - scene.nearest(x, y - e, z)[0]
    nz = scene.nearest(x, y, z + e)[0] - scene.nearest(x, y, z - e)[0]
    length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
    return nx / length, ny / length, nz / length


@scene.fast()
def openness(x, y, z, nx, ny, nz):
    """The share of the sky that is seen, 0.2…1."""
    hidden, weight = 0.0, 1.0
    for k in range(1, 6):
        h = 0.022 * k * k**0.5
        d = min(scene.nearest(x + nx * h, y + ny * h, z + nz * h)[0], z + nz * h - scene.FLOOR_HEIGHT)
        hidden += weight * max(0.0, h - d) / h
        weight *= 0.7
    return 1.0 - min(0.8, 0.34 * hidden)


@scene.fast()
def lit(pixels, away, depth, spread, share):
    """Of each place the share of nearby places in the light's picture that lie no nearer to the light."""
    size = len(depth)
    for n in range(len(pixels)):
        seen = 0.0
        for k in range(len(spread)):
            x, y = int(pixels[n, 0] + spread[k, 0]), int(pixels[n, 1] + spread[k, 1])
            if not (0 <= x < size and 0 <= y < size) or away[n] < depth[y, x] + 0.012:
                seen += 1.0
        share[n] = seen / len(spread)


class Light:
    """The window's light: a depth picture from where it comes, softly looked up."""

    def __init__(self, parts: list[Mesh]) -> None:
        self.camera = looking(14 * SUN, np.zeros(3), 2400, 2400, math.radians(9.6))
        self.depth = depths(self.camera, parts[:-1], 1)
        self._spread = np.random.default_rng(3).normal(0, 7, (24, 2))

    def reaches(self, where: np.ndarray) -> np.ndarray:
        """The share of the light that reaches each place, 0…1."""
        pixels, away = self.camera.project(where)
        share = np.empty(len(where))
        lit(np.nan_to_num(pixels), away, self.depth, self._spread, share)
        return share


def photograph(camera: Camera, parts: list[Mesh], light: Light) -> np.ndarray:
    """One photo, `[H, W, 3]` uint8 sRGB."""
    where = places(camera, depths(camera, parts, SAMPLES)).reshape(-1, 3)
    colours, normals, open_sky = np.empty_like(where), np.empty_like(where), np.empty(len(where))
    surface(where, colours, normals, open_sky)
    sun = np.clip(normals @ SUN, 0, None) * light.reaches(where + 0.004 * normals)
    sky = open_sky * (0.72 + 0.28 * normals[:, 2])
    seen = colours * (sun[:, None] * SUNLIGHT + sky[:, None] * SKYLIGHT)
    seen = seen.reshape(HEIGHT, SAMPLES, WIDTH, SAMPLES, 3).mean((1, 3))
    graded = seen / (1 + 0.18 * seen)  # highlights roll off
    return (255 * np.clip(graded, 0, 1) ** (1 / 1.9)).round().astype(np.uint8)


def kept(folder: Path, k: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """A photo that was made before the script was broken off, or made and kept now."""
    path = folder / f"{k}.png"
    if not path.is_file():
        folder.mkdir(exist_ok=True)
        beside = path.with_suffix(".part")
        Image.fromarray(make()).save(beside, "PNG")
        beside.replace(path)
    return np.asarray(Image.open(path))


def version() -> str:
    """Photos of other sources are others."""
    sources = (Path(__file__), Path(scene.__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def packed(photos: list[np.ndarray]) -> list[bytes]:
    """The photos as JPEGs of one quality, the best that fits."""
    for quality in range(92, 40, -2):
        files = []
        for photo in photos:
            file = io.BytesIO()
            Image.fromarray(photo).save(file, "JPEG", quality=quality, optimize=True)
            files.append(file.getvalue())
        if sum(map(len, files)) <= BYTES:
            print(f"quality {quality}, {sum(map(len, files)) / 1e6:.2f} MB")
            return files
    raise SystemExit("The photos do not fit.")


def truth(cameras: list[Camera]) -> str:
    """Lens and poses as JSON, camera from world, OpenCV."""
    lens = {
        "width": WIDTH,
        "height": HEIGHT,
        "fx": cameras[0].focal,
        "fy": cameras[0].focal,
        "cx": WIDTH / 2,
        "cy": HEIGHT / 2,
    }
    poses = {name_of(k): np.round(camera.camera_from_world, 9).tolist() for k, camera in enumerate(cameras)}
    return json.dumps({"camera": lens, "camera_from_world": poses}, indent=0) + "\n"


def name_of(k: int) -> str:
    """The file name of a photo."""
    return f"still_life_{k + 1:02}.jpg"


def main() -> None:
    """Makes the scene, or with --only one photo of it to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "scenes" / "still_life")
    parser.add_argument("--only", type=int, help="make this photo alone")
    arguments = parser.parse_args()
    begun = time.monotonic()
    parts, cameras = meshes(), walk()
    light = Light(parts)
    images = arguments.out / "images"
    images.mkdir(parents=True, exist_ok=True)
    if arguments.only is not None:
        Image.fromarray(photograph(cameras[arguments.only], parts, light)).save(images / f"{arguments.only}.png")
        return
    photos = []
    for k, camera in enumerate(cameras):
        photos.append(kept(arguments.out / f".{version()}", k, partial(photograph, camera, parts, light)))
        print(f"{k + 1}/{PHOTOS}, {time.monotonic() - begun:.0f} s", flush=True)
    for k, data in enumerate(packed(photos)):
        (images / name_of(k)).write_bytes(data)
    (arguments.out / "truth.json").write_text(truth(cameras), "utf-8")
    shutil.rmtree(arguments.out / f".{version()}")
    (arguments.out / "LICENCE.txt").write_text(LICENCE, "utf-8")


if __name__ == "__main__":
    main()
