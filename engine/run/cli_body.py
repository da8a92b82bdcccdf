"""`main.py body pose | convert | play | fit`: bodies without a window. Bad input is one sentence on stderr and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from engine.api.errors import DataError, ParameterError, StudioError
from engine.bodies.bvh import read_bvh, write_bvh
from engine.bodies.export import MESH_ENDINGS, SCENE_ENDINGS, still, vertices_of, write_mesh, write_scene
from engine.bodies.files import MODEL_SUFFIXES, default_body, find_model, read_model, write_model
from engine.bodies.layouts import SMPL, SMPLH
from engine.bodies.measures import HEAVIEST, LIGHTEST, SHORTEST, TALLEST, shape_for
from engine.bodies.motion import Motion, as_layout, read_amass, resampled
from engine.bodies.picture import film_of, overlay, picture_of
from engine.bodies.poses import POSES, named_pose, read_pose
from engine.run.listing import Parser

if TYPE_CHECKING:
    import argparse

    from engine.bodies.model import BodyModel


def main(argv: Sequence[str]) -> int:
    """Runs one command. Returns the exit status."""
    arguments = _parser().parse_args(argv)
    torch.set_num_threads(1)
    commands: dict[str, Callable[[argparse.Namespace], None]] = {
        "pose": _pose,
        "convert": _convert,
        "play": _play,
        "fit": _fit,
    }
    try:
        commands[arguments.command](arguments)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{arguments.out} cannot be written ({error.strerror}); choose another place.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _parser() -> Parser:
    parser = Parser(prog="main.py body", description="Bodies without a window.")
    commands = parser.add_subparsers(dest="command", required=True)
    pose = commands.add_parser("pose", help="write a posed body as a mesh, a scene or a picture")
    pose.add_argument("--pose", default="stand", metavar="NAME|FILE", help=f"{', '.join(POSES)}, or a JSON file")
    _add_shape(pose)
    convert = commands.add_parser("convert", help="a model file, or a sequence, in another format")
    convert.add_argument("file", type=Path, metavar="FILE", help=".pkl, .npz, .safetensors, or .bvh")
    play = commands.add_parser(
        "play", help="film a sequence of AMASS or a BVH file; without --out, show it in the window"
    )
    play.add_argument("file", type=Path, metavar="SEQUENCE")
    play.add_argument("--turns", type=float, default=0.0, help="how often the eye goes around meanwhile")
    _add_shape(play)
    for command in (pose, convert, play):
        command.add_argument("--out", type=Path, required=True, metavar="FILE", help="its ending says the format")
    fit = commands.add_parser("fit", help="find a person's body from keypoints in a picture (SMPLify)")
    fit.add_argument("file", type=Path, metavar="PICTURE")
    fit.add_argument(
        "--keypoints",
        type=Path,
        required=True,
        metavar="FILE.json",
        help="COCO's names, x, y, confidence; or OpenPose's, with hands",
    )
    fit.add_argument(
        "--model", metavar="FILE", help="a model with keypoints, body, or fingers (where the file has hands)"
    )
    fit.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="parameters, mesh, overlay and metrics.json"
    )
    return parser


def _add_shape(parser: Parser) -> None:
    parser.add_argument("--model", default="body", metavar="FILE", help="a model file of yours, or body, fingers, hand")
    parser.add_argument("--shape", metavar="β1,β2,…", help="shape coefficients")
    parser.add_argument("--height", type=float, metavar="CM", help="instead of --shape, with --weight")
    parser.add_argument("--weight", type=float, metavar="KG")


def _pose(arguments: argparse.Namespace) -> None:
    model = find_model(arguments.model)
    path = Path(arguments.pose)
    pose = read_pose(path, model.layout) if path.suffix == ".json" else named_pose(arguments.pose, model.layout)
    _write(arguments.out, model, still(model, pose, _shape(model, arguments), arguments.pose))


def _write(out: Path, model: BodyModel, motion: Motion) -> None:
    """Writes one moment, or a motion where the format knows time."""
    ending = out.suffix.lower()
    out.parent.mkdir(parents=True, exist_ok=True)
    if ending in MESH_ENDINGS:
        write_mesh(out, vertices_of(model, motion), model.faces.numpy())
    elif ending in SCENE_ENDINGS:
        write_scene(out, model, motion)
    elif ending == ".png":
        Image.fromarray(picture_of(vertices_of(model, motion), model.faces.numpy())).save(out)
    elif ending == ".bvh":
        write_bvh(motion, model, out)
    else:
        raise ParameterError(
            f"A body is written as {', '.join((*MESH_ENDINGS, *SCENE_ENDINGS))}, .bvh or .png, not “{out.name}”."
        )


def _convert(arguments: argparse.Namespace) -> None:
    source: Path = arguments.file
    if not source.is_file():
        raise DataError(f"There is no file {source}.")
    if arguments.out.suffix.lower() in (".npz", ".safetensors"):
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_model(read_model(source), arguments.out)
        return
    try:
        motion = _sequence(source)
    except DataError:
        if source.suffix.lower() not in MODEL_SUFFIXES:
            raise
        model = read_model(source)
        motion = still(model, torch.zeros(len(model.layout), 3), torch.zeros(model.shapes), source.stem)
        _write(arguments.out, model, motion)
    else:
        _write(arguments.out, default_body(), as_layout(motion, SMPL))


def _play(arguments: argparse.Namespace) -> None:
    from engine.splats.film import write_film

    model = find_model(arguments.model)
    motion = as_layout(resampled(_sequence(arguments.file), 30.0), model.layout)
    if motion.note:
        print(f"{arguments.file.name}: {motion.note}", file=sys.stderr)
    motion = replace(motion, betas=_shape(model, arguments))
    if arguments.out.suffix.lower() in (*SCENE_ENDINGS, ".bvh"):
        _write(arguments.out, model, motion)
    else:
        write_film(arguments.out, film_of(model, motion, turns=arguments.turns), len(motion))


def _fit(arguments: argparse.Namespace) -> None:
    from engine.bodies.fitting import camera_vertices, fit_keypoints, reprojection
    from engine.bodies.keypoint_body import COCO, HAND, NAMES, KeypointBody
    from engine.bodies.keypoints import read_keypoints
    from engine.bodies.prior import default_prior

    try:
        pixels = np.asarray(Image.open(arguments.file).convert("RGB"))
    except OSError as error:
        raise DataError(f"“{arguments.file}” cannot be read as a picture.") from error
    seen, notes = read_keypoints(arguments.keypoints, pixels.shape[1], pixels.shape[0])
    for note in notes:
        print(note, file=sys.stderr)
    with_hands = len(seen.points) > COCO
    model = find_model(arguments.model or ("fingers" if with_hands else "body"))
    if model.layout not in (SMPL, SMPLH) or model.keypoint_regressor is None:
        raise DataError(
            f"“{arguments.model}” has no keypoints; leave --model out, or give a file with a keypoint_regressor."
        )
    if (model.layout == SMPLH) != with_hands:  # hands that nobody saw, or fingers that the model does not have
        seen = seen.padded(COCO + 2 * HAND if model.layout == SMPLH else COCO)
    body = KeypointBody(model)
    fit = fit_keypoints(body, seen, default_prior())
    away = reprojection(body, fit, seen)
    vertices, faces = camera_vertices(model, fit), model.faces.numpy()
    each = {name: round(float(error), 3) for name, error in zip(NAMES, away, strict=False) if error == error}
    metrics = {"reprojection_pixels": float(np.nanmean(away)), "keypoints": each, "objective": fit.cost}
    found = {
        "pose": fit.pose.tolist(),
        "betas": fit.betas.tolist(),
        "translation": fit.place.tolist(),
        "focal": seen.focal,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_mesh(arguments.out / "body.obj", vertices, faces)
    Image.fromarray(overlay(pixels, vertices, faces, seen.focal)).save(arguments.out / "overlay.png")
    for name, record in (("parameters", found), ("metrics", metrics)):
        (arguments.out / f"{name}.json").write_text(json.dumps(record, indent=1), "utf-8")


def _sequence(path: Path) -> Motion:
    """A motion of either format. Raises DataError."""
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    if path.suffix.lower() == ".bvh":
        return read_bvh(path, default_body())
    if path.suffix.lower() == ".npz":
        return read_amass(path)
    raise DataError(f"“{path.name}” is no sequence; one ends in .npz (AMASS) or .bvh.")


def _shape(model: BodyModel, arguments: argparse.Namespace) -> torch.Tensor:
    betas = torch.zeros(model.shapes)
    if arguments.shape is not None:
        try:
            given = torch.tensor([float(part) for part in arguments.shape.split(",")])
        except ValueError:
            raise ParameterError(f"--shape takes numbers with commas between them, not “{arguments.shape}”.") from None
        if len(given) > model.shapes or not given.isfinite().all() or given.abs().max() > 20:
            raise ParameterError(f"--shape takes up to {model.shapes} numbers from −20 to 20 for this model.")
        betas[: len(given)] = given
    elif arguments.height is not None or arguments.weight is not None:
        height, weight = arguments.height or 170.0, arguments.weight or 65.0
        if not (100 * SHORTEST <= height <= 100 * TALLEST and LIGHTEST <= weight <= HEAVIEST):
            raise ParameterError(
                f"A height goes from {100 * SHORTEST:.0f} to {100 * TALLEST:.0f} cm and a weight from {LIGHTEST:.0f} to {HEAVIEST:.0f} kg."
            )
        found = shape_for(model, height / 100, weight)
        betas[: len(found)] = found
    return betas
