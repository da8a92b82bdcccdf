"""Scenes of Gaussians by OpenGL: a quad for each, drawn by instancing from the farthest to the nearest.

Places, opacities and covariances lie in a texture of floats that is uploaded once; with each picture go only the order and the colours as
seen from there. Each quad is the ellipse of its projected covariance (Zwicker et al. 2002), cut where it falls below 1/255, as in
`engine.raster`. Needs instancing, so vispy's "gl+" and PyOpenGL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from engine.raster import Canvas, splat_colours

if TYPE_CHECKING:
    from app.views.scene3d import Gaussians
    from engine.raster import Camera, SplatLook

WIDTH = 4096
"""Texels in a row of the texture; a Gaussian takes three."""
PER_ROW = WIDTH // 3
VERTEX = """
attribute vec2 corner; attribute vec4 splat;
uniform sampler2D u_data; uniform vec2 u_texels; uniform mat4 u_camera; uniform mat4 u_clip; uniform vec2 u_size; uniform vec2 u_focal;
uniform vec2 u_near; varying vec2 v_at; varying vec4 v_colour;
vec4 texel(float column, float row) { return texture2D(u_data, (vec2(column, row) + 0.5) / u_texels); }
void main() {
    float row = floor((splat.x + 0.5) / PER_ROW.0);
    float column = (splat.x - row * PER_ROW.0) * 3.0;
    vec4 first = texel(column, row), second = texel(column + 1.0, row), third = texel(column + 2.0, row);
    vec3 place = (u_camera * vec4(first.xyz, 1.0)).xyz;
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0); v_at = vec2(0.0); v_colour = vec4(0.0);
    if (place.z < u_near.x || place.z > u_near.y || first.w <= 1.0 / 255.0) return;
    vec2 limit = 1.3 * 0.5 * u_size / u_focal;
    vec2 slant = clamp(place.xy / place.z, -limit, limit);
    mat3 turn = mat3(u_camera);
    vec3 across = u_focal.x / place.z * (vec3(turn[0][0], turn[1][0], turn[2][0]) - slant.x * vec3(turn[0][2], turn[1][2], turn[2][2]));
    vec3 down = u_focal.y / place.z * (vec3(turn[0][1], turn[1][1], turn[2][1]) - slant.y * vec3(turn[0][2], turn[1][2], turn[2][2]));
    mat3 covariance = mat3(second.x, second.y, second.z, second.y, second.w, third.x, second.z, third.x, third.y);
    float xx = dot(across, covariance * across) + 0.3;
    float xy = dot(across, covariance * down);
    float yy = dot(down, covariance * down) + 0.3;
    float middle = 0.5 * (xx + yy), half_gap = 0.5 * (xx - yy), spread = sqrt(half_gap * half_gap + xy * xy);
    float major = middle + spread, minor = max(middle - spread, 0.05);
    vec2 along = abs(xy) > 1e-6 ? normalize(vec2(xy, major - xx)) : (xx >= yy ? vec2(1.0, 0.0) : vec2(0.0, 1.0));
    v_at = corner * sqrt(2.0 * log(255.0 * first.w));
    vec2 pixels = v_at.x * sqrt(major) * along + v_at.y * sqrt(minor) * vec2(-along.y, along.x);
    vec4 clip = u_clip * vec4(place, 1.0);
    gl_Position = vec4(clip.xy + 2.0 * vec2(pixels.x, -pixels.y) / u_size * clip.w, clip.z, clip.w);
    v_colour = vec4(splat.yzw, first.w);
}
""".replace("PER_ROW", str(PER_ROW))
FRAGMENT = """
varying vec2 v_at; varying vec4 v_colour;
void main() {
    float alpha = min(v_colour.a * exp(-0.5 * dot(v_at, v_at)), 0.999);
    if (alpha < 1.0 / 255.0) discard;
    gl_FragColor = vec4(v_colour.rgb * alpha, alpha);
}
"""


class GlSplats:
    """Draws scenes of Gaussians; what is uploaded stays as long as the scene is shown."""

    def __init__(self) -> None:
        self._program = gloo.Program(VERTEX, FRAGMENT)
        self._program["corner"] = gloo.VertexBuffer(np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32))
        self._kept: tuple[Gaussians, Any, Any] | None = None
        self._canvas = Canvas(1, 1)

    def draw(self, item: Gaussians, camera: Camera, lens: dict[str, Any], look: SplatLook) -> None:
        """Blends a scene over what is there, hidden where that is nearer."""
        if not len(item.means):
            return
        texture, instances = self._data(item)
        pose = camera.camera_from_world
        depth = item.means @ pose[2, :3].astype(np.float32) + np.float32(pose[2, 3])
        order = np.argsort(-depth, kind="stable")
        colours = splat_colours(self._canvas, camera, item.means, item.rotations, item.scales, item.colours, look)
        rows = np.empty((len(order), 4), np.float32)
        rows[:, 0], rows[:, 1:] = order, colours[order].clip(0, None)
        instances.set_data(rows)
        program = self._program
        program["splat"], program["u_data"] = instances, texture
        program["u_texels"] = (float(WIDTH), float(texture.shape[0]))
        program["u_focal"], program["u_near"] = (camera.focal, camera.focal), (camera.near, camera.far)
        for name, value in lens.items():
            program[name] = value
        gloo.set_state(blend=True, blend_func=("one", "one_minus_src_alpha"), depth_mask=False)
        program.draw("triangle_strip")
        gloo.set_state(blend=False, depth_mask=True)

    def forget(self) -> None:
        """No scene of Gaussians is shown any more."""
        self._kept = None

    def _data(self, item: Gaussians) -> tuple[Any, Any]:
        if self._kept is None or self._kept[0] is not item:
            instances = gloo.VertexBuffer(np.zeros((len(item.means), 4), np.float32), divisor=1)
            texture = gloo.Texture2D(texels(item), internalformat="rgba32f", interpolation="nearest")
            self._kept = (item, texture, instances)
        return self._kept[1], self._kept[2]


def texels(item: Gaussians) -> NDArray[np.float32]:
    """`[rows, WIDTH, 4]`: place and opacity, then the covariance's xx xy xz yy yz zz; what is not finite is transparent."""
    count = len(item.means)
    data = np.zeros((-(-count // PER_ROW) * PER_ROW, 12), np.float32)
    data[:count, :3], data[:count, 3] = item.means, item.opacities
    covariance = covariances(item.rotations, item.scales)
    for place, (row, column) in enumerate(((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)), 4):
        data[:count, place] = covariance[:, row, column]
    wrong = ~np.isfinite(data).all(1)
    data[wrong] = 0.0
    padded = np.zeros((len(data) // PER_ROW, WIDTH, 4), np.float32)
    padded[:, : 3 * PER_ROW] = data.reshape(-1, 3 * PER_ROW, 4)
    return padded


def covariances(quaternions: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[n, 3, 3]` square metres: R diag(s²) Rᵀ for quaternions wxyz of any length."""
    with np.errstate(invalid="ignore", divide="ignore"):
        w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rotation = np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], 1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], 1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], 1),
        ],
        axis=1,
    )
    arms = rotation * scales[:, None, :]
    return np.asarray(arms @ arms.transpose(0, 2, 1), np.float32)
