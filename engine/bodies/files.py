"""Model files of the SMPL family: the official .pkl and .npz as they are downloaded, and .safetensors. Nothing in them is ever run.

The official .pkl files were written by Python 2 and hold objects of chumpy and scipy; here those names are stand-ins that only keep
numbers (`engine.data.unpickle`). Every array is checked before a model is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from engine.api.errors import DataError
from engine.bodies.chumpy import CHUMPY, numbers_of
from engine.bodies.layouts import LAYOUTS, MANO, SMPL, SMPLH, SMPLX, Layout
from engine.bodies.model import BodyModel, BodyParts, make_model
from engine.data.npz import read_npz
from engine.data.unpickle import read_pickle

MODEL_SUFFIXES = (".pkl", ".npz", ".safetensors")
MOST_SHAPES, EXPRESSIONS = 32, 10
SHIPPED = Path(__file__).parents[2] / "assets" / "bodies"
SOURCES = {
    SMPL.name: "smpl.is.tue.mpg.de (basicmodel_neutral_… for everybody, _f_ and _m_ for women and men)",
    SMPLH.name: "mano.is.tue.mpg.de (SMPLH_neutral, SMPLH_female, SMPLH_male)",
    SMPLX.name: "smpl-x.is.tue.mpg.de (SMPLX_NEUTRAL, SMPLX_FEMALE, SMPLX_MALE)",
    MANO.name: "mano.is.tue.mpg.de (MANO_RIGHT, MANO_LEFT)",
}
"""Where a person gets the official file of a layout, after agreeing to its licence."""

_NEEDED = ("v_template", "shapedirs", "J_regressor", "weights", "f")
_OPTIONAL = ("posedirs", "kintree_table", "keypoint_regressor", "hands_mean", "hands_meanl", "hands_meanr", "mean_pose")


def read_model(path: Path, expect: Layout | None = None) -> BodyModel:
    """The model in a file, in 32 bits. `expect`: the layout that is wanted. Raises DataError with one sentence."""
    reader = {".pkl": _read_pickle, ".npz": _read_npz, ".safetensors": _read_safetensors}.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"“{path.name}” is no body model; one ends in {', '.join(MODEL_SUFFIXES)}.")
    model = model_of(reader(path), path.name)
    if expect is not None and model.layout != expect:
        raise DataError(
            f"“{path.name}” is of the {model.layout.name} layout ({len(model.layout)} joints), and {expect.name} is "
            f"needed here; its files are at {SOURCES[expect.name]}."
        )
    return model


@cache
def default_body() -> BodyModel:
    """The body that ships: 24 joints, adults at β ≈ 0, all ages within its directions."""
    return read_model(SHIPPED / "body.npz", SMPL)


@cache
def body_with_fingers() -> BodyModel:
    """The body that ships, in the SMPL-H layout."""
    return read_model(SHIPPED / "body_with_fingers.npz", SMPLH)


@cache
def default_hand() -> BodyModel:
    """The right hand that ships, in the MANO layout."""
    return read_model(SHIPPED / "hand.npz", MANO)


NAMED = {"body": default_body, "fingers": body_with_fingers, "hand": default_hand}


def find_model(name: str) -> BodyModel:
    """A model that ships, by its name, or one from a file. Raises DataError."""
    if name in NAMED:
        return NAMED[name]()
    path = Path(name)
    if not path.is_file():
        layouts = ", ".join(layout.name for layout in LAYOUTS.values())
        raise DataError(f"There is no model file {name}; give a file of {layouts}, or one of {', '.join(NAMED)}.")
    return read_model(path)


def write_model(model: BodyModel, path: Path) -> None:
    """Writes .safetensors or .npz in the SMPL file format. Raises DataError for another ending."""
    arrays: dict[str, Any] = {name: np.ascontiguousarray(array) for name, array in arrays_of(model).items()}
    if path.suffix.lower() == ".safetensors":
        save_file(arrays, path)
    elif path.suffix.lower() == ".npz":
        np.savez_compressed(path, **arrays)
    else:
        raise DataError(f"A body model is written as .safetensors or .npz, not as “{path.name}”.")


def arrays_of(model: BodyModel) -> dict[str, np.ndarray]:
    """The arrays of a model under the names of the SMPL files."""

    def directions(rows: torch.Tensor) -> torch.Tensor:
        return rows.unflatten(1, (3, -1)).permute(2, 1, 0)

    tree = [[parent % 2**32 for parent in model.layout.parents], list(range(len(model.layout)))]
    arrays = {
        "v_template": model.template.numpy(),
        "shapedirs": directions(model.directions).numpy(),
        "posedirs": directions(model.pose_directions).numpy(),
        "J_regressor": model.regressor.numpy(),
        "weights": model.weights.numpy(),
        "f": model.faces.numpy().astype(np.uint32),
        "kintree_table": np.array(tree, np.uint32),
    }
    for name, value in (("keypoint_regressor", model.keypoint_regressor), ("mean_pose", model.mean_pose)):
        if value is not None:
            arrays[name] = value.numpy()
    return arrays


# Readers --------------------------------------------------------------------------------------------------------------


def _read_npz(path: Path) -> dict[str, Any]:
    return read_npz(path, _NEEDED + _OPTIONAL)


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(f"“{path.name}” is damaged, cut short, or no .safetensors file.") from error


def _read_pickle(path: Path) -> dict[str, Any]:
    found = read_pickle(path, CHUMPY)
    if not isinstance(found, dict):
        raise DataError(f"“{path.name}” is a pickle of something else than a body model.")
    try:
        return {name: numbers_of(found[name]) for name in _NEEDED + _OPTIONAL if name in found}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"“{path.name}” is damaged: one of its arrays cannot be made out.") from error


# Checks ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sizes:
    vertices: int
    joints: int


def model_of(arrays: Mapping[str, np.ndarray], name: str) -> BodyModel:
    """A model of arrays under the names of the SMPL files. Raises DataError for whatever does not fit."""
    missing = [key for key in _NEEDED if key not in arrays]
    if missing:
        raise DataError(f"“{name}” is no body model: it has no {', '.join(missing)}.")
    sizes = _Sizes(len(arrays["v_template"]), arrays["weights"].shape[-1])
    layout = LAYOUTS.get(sizes.joints)
    if layout is None:
        raise DataError(f"“{name}” has {sizes.joints} joints; SMPL has 24, SMPL-H 52, SMPL-X 55 and MANO 16.")
    arrays = {key: _numbers(array, key, name) for key, array in arrays.items() if key in _NEEDED + _OPTIONAL}
    _check_shapes(arrays, sizes, name)
    _check_tree(arrays, layout, name)
    _check_weights(arrays, name)
    shapes, expressions = _shape_directions(arrays["shapedirs"], layout)
    posed = arrays.get("posedirs", np.zeros((sizes.vertices, 3, 0)))
    keypoints, mean = arrays.get("keypoint_regressor"), _mean_pose(arrays, layout)
    parts = BodyParts(
        template=_floats(arrays["v_template"]),
        shape_directions=_floats(shapes),
        pose_directions=_floats(posed),
        regressor=_floats(arrays["J_regressor"]),
        weights=_floats(arrays["weights"]),
        faces=torch.from_numpy(arrays["f"].astype(np.int64)),
        keypoint_regressor=None if keypoints is None else _floats(keypoints),
        mean_pose=None if mean is None else _floats(mean),
        expressions=expressions,
    )
    return make_model(layout, parts, name)


def _floats(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array, np.float32, order="C"))


def _numbers(array: np.ndarray, key: str, name: str) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise DataError(f"“{name}” is no body model: its {key} holds no numbers.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"“{name}” is damaged: its {key} has entries that are not numbers.")
    return array


def _check_shapes(arrays: Mapping[str, np.ndarray], sizes: _Sizes, name: str) -> None:
    v, j = sizes.vertices, sizes.joints
    wanted: dict[str, tuple[int | None, ...]] = {
        "v_template": (v, 3), "shapedirs": (v, 3, None), "J_regressor": (j, v), "weights": (v, j), "f": (None, 3),
        "kintree_table": (2, j), "keypoint_regressor": (None, v), "mean_pose": (j, 3),
    }  # fmt: skip
    for key, shape in wanted.items():
        if key in arrays:
            found = arrays[key].shape
            if len(found) != len(shape) or any(
                want not in (None, have) for want, have in zip(shape, found, strict=True)
            ):
                words = " × ".join("any" if size is None else str(size) for size in shape)
                raise DataError(f"“{name}” is damaged: its {key} is {' × '.join(map(str, found))}, not {words}.")
    if "posedirs" in arrays and arrays["posedirs"].shape not in ((v, 3, 9 * (j - 1)), (v, 3, 0)):
        raise DataError(f"“{name}” is damaged: its posedirs do not fit {v} vertices and {j} joints.")
    faces = arrays["f"]
    if faces.size and (faces.min() < 0 or faces.max() >= v):
        raise DataError(f"“{name}” is damaged: a triangle names a vertex that does not exist.")


def _check_tree(arrays: Mapping[str, np.ndarray], layout: Layout, name: str) -> None:
    if "kintree_table" not in arrays:
        return
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents = np.where((parents < 0) | (parents >= len(layout)), -1, parents)
    if tuple(parents.tolist()) != layout.parents:
        raise DataError(
            f"“{name}” has as many joints as {layout.name}, but hangs them on one another in another order."
        )


def _check_weights(arrays: Mapping[str, np.ndarray], name: str) -> None:
    sums = arrays["weights"].astype(np.float64).sum(1)
    if len(sums) and np.abs(sums - 1).max() > 1e-3:
        raise DataError(
            f"“{name}” is damaged: the weights of a vertex sum to {sums[np.abs(sums - 1).argmax()]:.3g}, not to one."
        )


def _shape_directions(directions: np.ndarray, layout: Layout) -> tuple[np.ndarray, int]:
    """The first of the shape's, and the first ten of the face's, which stand after 300 of the shape (or after 10 in older files)."""
    if layout != SMPLX:
        return directions[:, :, :MOST_SHAPES], 0
    first = 300 if directions.shape[2] >= 400 else min(10, directions.shape[2])
    faces = directions[:, :, first : first + EXPRESSIONS]
    return np.concatenate([directions[:, :, : min(first, MOST_SHAPES)], faces], 2), faces.shape[2]


def _mean_pose(arrays: Mapping[str, np.ndarray], layout: Layout) -> np.ndarray | None:
    """The hands' relaxed pose, which the official files keep beside the model."""
    if "mean_pose" in arrays:
        return arrays["mean_pose"]
    keys = ("hands_mean",) if layout == MANO else ("hands_meanl", "hands_meanr")
    if layout == SMPL or any(key not in arrays or arrays[key].size != 45 for key in keys):
        return None
    mean = np.zeros((len(layout), 3))
    mean[-15 * len(keys) :] = np.concatenate([arrays[key].reshape(15, 3) for key in keys])
    return mean
