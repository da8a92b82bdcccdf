"""Bodies for other programs: OBJ and PLY of one moment, and glTF/GLB with the skeleton, the skin and the motion.

glTF knows linear blend skinning and nothing else, so that B_P(θ) is left out of an animated file; the shape is baked in.
Source: Khronos glTF 2.0 specification, sections 3.6 to 3.11 and the GLB container, section 4.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
import trimesh
from jaxtyping import Float
from torch import Tensor

from engine.api.errors import DataError
from engine.bodies.model import BodyModel, pose_body, rest_joints, shape_offsets
from engine.bodies.motion import Motion
from engine.bodies.rotation import matrix_from_vector, quaternion_from_matrix

MESH_ENDINGS = (".obj", ".ply")
SCENE_ENDINGS = (".glb", ".gltf")
_FLOAT, _UINT16, _UINT32 = 5126, 5123, 5125  # component types
_ARRAY, _ELEMENTS = 34962, 34963  # buffer targets
_TYPES = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


def write_mesh(path: Path, vertices: Float[np.ndarray, "v 3"], faces: np.ndarray) -> None:
    """Writes .obj or .ply, metres, y up. Raises DataError for another ending."""
    if path.suffix.lower() not in MESH_ENDINGS:
        raise DataError(f"A mesh is written as .obj or .ply, not as “{path.name}”.")
    data: Any = trimesh.Trimesh(vertices, faces, process=False).export(file_type=path.suffix.lower()[1:])
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def write_scene(path: Path, model: BodyModel, motion: Motion) -> None:
    """Writes .glb or .gltf (its buffer inside): mesh, joints, skin, and the motion if it has more than one frame.

    Raises DataError for another ending.
    """
    if path.suffix.lower() not in SCENE_ENDINGS:
        raise DataError(f"A scene is written as .glb or .gltf, not as “{path.name}”.")
    file = _File()
    _describe(file, model, motion)
    path.write_bytes(file.binary() if path.suffix.lower() == ".glb" else file.text())


class _File:
    """A glTF document while it is written, and its one buffer."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "Perception Studio"},
            "bufferViews": [],
            "accessors": [],
            "scene": 0,
        }

    def add(self, array: np.ndarray, kind: int, target: int = 0, bounds: bool = False) -> int:
        """Appends an array. Returns its accessor's index."""
        data = np.ascontiguousarray(array, {_FLOAT: "<f4", _UINT16: "<u2", _UINT32: "<u4"}[kind])
        self.buffer += b"\0" * (-len(self.buffer) % 4)
        view = {"buffer": 0, "byteOffset": len(self.buffer), "byteLength": data.nbytes}
        self.json["bufferViews"].append(view | ({"target": target} if target else {}))
        self.buffer += data.tobytes()
        accessor: dict[str, Any] = {
            "bufferView": len(self.json["bufferViews"]) - 1,
            "componentType": kind,
            "count": len(data),
        }
        accessor["type"] = _TYPES[data.shape[1:]]
        if bounds:
            low, high = data.reshape(len(data), -1).min(0), data.reshape(len(data), -1).max(0)
            accessor |= {"min": low.tolist(), "max": high.tolist()}
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def binary(self) -> bytes:
        """As GLB: a header, the document, the buffer, each padded to four bytes."""
        body = bytes(self.buffer) + b"\0" * (-len(self.buffer) % 4)
        text = json.dumps(self.json | {"buffers": [{"byteLength": len(body)}]}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    def text(self) -> bytes:
        """As .gltf, the buffer written into it in base 64."""
        import base64

        uri = "data:application/octet-stream;base64," + base64.b64encode(self.buffer).decode()
        return json.dumps(self.json | {"buffers": [{"byteLength": len(self.buffer), "uri": uri}]}).encode()


def _describe(file: _File, model: BodyModel, motion: Motion) -> None:
    betas = motion.betas[None, : model.shapes].to(model.dtype)
    shaped = (model.template + shape_offsets(model, betas))[0].numpy()
    joints = rest_joints(model, betas)[0].numpy()
    turns = quaternion_from_matrix(matrix_from_vector(motion.poses)).numpy()[..., [1, 2, 3, 0]]  # xyzw, as glTF has it
    places = motion.translation.numpy() + joints[0]
    count = len(model.layout)
    nodes = []
    for joint, parent in enumerate(model.layout.parents):
        offset = places[0] if parent < 0 else joints[joint] - joints[parent]
        children = [child for child, above in enumerate(model.layout.parents) if above == joint]
        node = {
            "name": model.layout.joints[joint],
            "translation": offset.tolist(),
            "rotation": turns[0, joint].tolist(),
        }
        nodes.append(node | ({"children": children} if children else {}))
    nodes.append({"name": "body", "mesh": 0, "skin": 0})
    file.json |= {
        "scenes": [{"nodes": [0, count]}],
        "nodes": nodes,
        "meshes": [{"name": model.name or "body", "primitives": [_primitive(file, model, shaped)]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.8, 0.82, 1], "metallicFactor": 0}}],
        "skins": [{"joints": list(range(count)), "skeleton": 0, "inverseBindMatrices": _bind(file, joints)}],
    }
    if len(motion) > 1:
        file.json["animations"] = [_animation(file, motion, turns, places)]


def _primitive(file: _File, model: BodyModel, shaped: np.ndarray) -> dict[str, Any]:
    names, weights = _strongest(model.weights.numpy())
    normals = trimesh.Trimesh(shaped, model.faces.numpy(), process=False).vertex_normals
    return {
        "attributes": {
            "POSITION": file.add(shaped, _FLOAT, _ARRAY, bounds=True),
            "NORMAL": file.add(normals, _FLOAT, _ARRAY),
            "JOINTS_0": file.add(names, _UINT16, _ARRAY),
            "WEIGHTS_0": file.add(weights, _FLOAT, _ARRAY),
        },
        "indices": file.add(model.faces.numpy().ravel(), _UINT32, _ELEMENTS),
        "material": 0,
    }


def _strongest(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The four joints that move a vertex most, which is what every viewer takes, their weights one in sum."""
    names = np.argsort(-weights, axis=1)[:, :4]
    chosen = np.take_along_axis(weights, names, 1)
    chosen /= chosen.sum(1, keepdims=True)
    return np.where(chosen > 0, names, 0), chosen


def _bind(file: _File, joints: np.ndarray) -> int:
    """The inverse of each joint's rest frame, column by column."""
    inverse = np.tile(np.eye(4), (len(joints), 1, 1))
    inverse[:, 3, :3] = -joints
    return file.add(inverse, _FLOAT)


def _animation(file: _File, motion: Motion, turns: np.ndarray, places: np.ndarray) -> dict[str, Any]:
    time = file.add(np.arange(len(motion)) / motion.fps, _FLOAT, bounds=True)
    samplers = [{"input": time, "output": file.add(places, _FLOAT)}]
    channels = [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]
    for joint in range(turns.shape[1]):
        samplers.append({"input": time, "output": file.add(turns[:, joint], _FLOAT)})
        channels.append({"sampler": joint + 1, "target": {"node": joint, "path": "rotation"}})
    return {"name": motion.name or "motion", "samplers": samplers, "channels": channels}


def still(model: BodyModel, pose: Float[Tensor, "j 3"], betas: Float[Tensor, " s"], name: str = "") -> Motion:
    """One moment as a motion."""
    return Motion(model.layout, pose[None], torch.zeros(1, 3), 30.0, betas, name)


def vertices_of(model: BodyModel, motion: Motion, frame: int = 0) -> Float[np.ndarray, "v 3"]:
    """The body's vertices at one frame, metres, y up."""
    part = slice(frame, frame + 1)
    betas = motion.betas[None, : model.shapes].to(model.dtype)
    return pose_body(model, betas, motion.poses[part], motion.translation[part]).vertices[0].numpy()
