"""A body given away to another program: written, read back, and said in a sentence how the two compare."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import trimesh
from PIL import Image

from engine.api.errors import DataError
from engine.bodies.bvh import read_bvh, write_bvh
from engine.bodies.export import MESH_ENDINGS, SCENE_ENDINGS, vertices_of, write_mesh, write_scene
from engine.bodies.layouts import SMPL
from engine.bodies.motion import Motion, as_layout
from engine.bodies.picture import picture_of
from engine.bodies.rotation import angle_between, matrix_from_quaternion, matrix_from_vector

if TYPE_CHECKING:
    from engine.bodies.model import BodyModel

ENDINGS = (*SCENE_ENDINGS, ".bvh", *MESH_ENDINGS, ".png")


@dataclass(frozen=True)
class Report:
    """What was written, and what was read back of it."""

    path: Path
    words: str


def export_body(path: Path, model: BodyModel, motion: Motion) -> Report:
    """Writes a body: with its skin and motion (.glb, .gltf), its motion (.bvh), or its first moment (.obj, .ply, .png).

    Raises DataError: an ending that nobody knows, a place that cannot be written, a file that does not read back as it was written.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"A body is written as {', '.join(ENDINGS)}, not as “{path.name}”.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending in SCENE_ENDINGS:
            return _scene(path, model, motion)
        if ending == ".bvh":
            return _bvh(path, model, motion)
        if ending in MESH_ENDINGS:
            return _mesh(path, model, motion)
        Image.fromarray(picture_of(vertices_of(model, motion), model.faces.numpy())).save(path)
        return Report(path, "a picture of 720 × 960 pixels")
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def _scene(path: Path, model: BodyModel, motion: Motion) -> Report:
    write_scene(path, model, motion)
    if path.suffix.lower() != ".glb":
        return Report(path, f"{len(model.template):,} vertices, {_frames(motion)}")
    turns = _turns_of_glb(path, len(model.layout))
    gap = _gap(turns if len(motion) > 1 else turns[:1], motion.poses)
    return Report(path, f"{len(model.template):,} vertices, {len(model.layout)} joints, {_frames(motion)}; {gap}")


def _bvh(path: Path, model: BodyModel, motion: Motion) -> Report:
    write_bvh(motion, model, path)
    if model.layout != SMPL:
        return Report(path, f"{len(model.layout)} joints, {_frames(motion)}")
    back = read_bvh(path, model)
    gap = _gap(matrix_from_vector(back.poses), as_layout(motion, SMPL).poses)
    return Report(path, f"{len(model.layout)} joints, {_frames(motion)}; {gap}")


def _mesh(path: Path, model: BodyModel, motion: Motion) -> Report:
    vertices = vertices_of(model, motion)
    write_mesh(path, vertices, model.faces.numpy())
    back: Any = trimesh.load(path, process=False)
    if np.shape(back.vertices) != vertices.shape or np.shape(back.faces) != tuple(model.faces.shape):
        raise DataError(f"“{path.name}” does not read back as it was written; try another format.")
    gap = 1e3 * float(np.abs(back.vertices - vertices).max())
    return Report(path, f"{len(vertices):,} vertices, {len(back.faces):,} triangles; read back to {_amount(gap, 'mm')}")


def _turns_of_glb(path: Path, joints: int) -> torch.Tensor:
    """`[t, j, 3, 3]`: the joints' rotations in a .glb of ours, from its animation or, without one, its nodes. Raises DataError."""
    raw = path.read_bytes()
    try:
        length = struct.unpack_from("<I", raw, 12)[0]
        document, body = json.loads(raw[20 : 20 + length]), raw[28 + length :]
        nodes = [node["rotation"] for node in document["nodes"][:joints]]
        if "animations" not in document:
            return matrix_from_quaternion(torch.tensor(nodes, dtype=torch.float64)[None][..., [3, 0, 1, 2]])
        animation = document["animations"][0]
        found = {}
        for channel in animation["channels"]:
            if channel["target"]["path"] == "rotation":
                entry = document["accessors"][animation["samplers"][channel["sampler"]]["output"]]
                at = document["bufferViews"][entry["bufferView"]]["byteOffset"]
                rows = np.frombuffer(body, "<f4", 4 * entry["count"], at).reshape(-1, 4)
                found[channel["target"]["node"]] = torch.from_numpy(rows.astype(np.float64))
        return matrix_from_quaternion(torch.stack([found[joint] for joint in range(joints)], 1)[..., [3, 0, 1, 2]])
    except (KeyError, ValueError, IndexError, struct.error) as error:
        raise DataError(f"“{path.name}” does not read back as it was written; try another format.") from error


def _gap(turns: torch.Tensor, poses: torch.Tensor) -> str:
    """How far the joints that were read are from those that were written."""
    if turns.shape[:2] != poses.shape[:2]:
        raise DataError("The file does not read back with as many frames as were written; try another format.")
    degrees = float(angle_between(turns.double(), matrix_from_vector(poses.double())).max().rad2deg())
    if degrees > 1.0:
        raise DataError(f"The file reads back {degrees:.0f}° off; try another format.")
    return f"read back to {_amount(degrees, '°')}"


def _amount(value: float, unit: str) -> str:
    return f"under 0.01{' ' if unit == 'mm' else ''}{unit}" if value < 0.01 else f"{value:.2g} {unit}"


def _frames(motion: Motion) -> str:
    return f"{len(motion):,} frames ({motion.seconds:.1f} s)" if len(motion) > 1 else "one moment"
