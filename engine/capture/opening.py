"""Whatever a person hands over, as a capture: photos and videos through COLMAP, posed data by reading it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.api.errors import DataError
from engine.api.words import plural
from engine.capture.colmap import read_model
from engine.capture.events import Event, Progress, Stage, Told
from engine.capture.intake import Found, Kind, find_photos, kind_of, model_folder, transforms_file
from engine.capture.model import SparseModel
from engine.capture.order import DROPPED, KEY, MASKS, MODEL, PHOTOS, Order
from engine.capture.session import capture, read_report
from engine.capture.straighten import stored_name, straighten
from engine.capture.transforms import PosedFiles, read_transforms
from engine.data.photos import photo_has_alpha, photo_size
from engine.geometry.cameras import Capture, PosedPhoto

_SHAPE = 0.02
_LISTED = 3

Tell = Callable[[Event], None]


@dataclass(frozen=True, eq=False)
class Opened:
    """A capture, how many photos there were, and what the doctor said of them, if anything, for `metrics.json`."""

    capture: Capture
    images: int
    doctor: dict[str, object] | None = None


def is_posed(source: Path) -> bool:
    """Whether a source has poses already: a finished capture, or somebody else's. Raises DataError if there is nothing to learn from."""
    return read_report(source) is not None or kind_of(source) in (Kind.COLMAP, Kind.TRANSFORMS)


def open_capture(
    order: Order, tell: Tell = lambda event: None, cancelled: Callable[[], bool] = lambda: False
) -> Opened | None:
    """Posed photos without distortion of whatever `order.source` is; files that are made lie in `order.out`.

    Returns None if it was cancelled. Raises DataError with one sentence.
    """
    if read_report(order.source) is not None:
        return read_capture(order.source)
    kind = kind_of(order.source)
    if kind in (Kind.PHOTOS, Kind.VIDEO):
        key = order.out / KEY
        if read_report(order.out) is None or not key.is_file() or key.read_text("utf-8") != order.key:
            if not capture(order, tell, cancelled):
                return None
        return read_capture(order.out)
    files = _colmap_files(order.source) if kind is Kind.COLMAP else read_transforms(_transforms(order.source))
    return _posed(files, order, tell)


def read_capture(folder: Path) -> Opened:
    """The result of a finished capture. Raises DataError if it is not there, or its photos are not."""
    report = read_report(folder)
    if report is None:
        raise DataError(f"“{folder}” holds no finished capture; start it again.")
    model, dropped = read_model(folder / MODEL), dropped_photos(folder)
    photos = tuple(
        PosedPhoto(
            image.name, folder / PHOTOS / image.name, model.lenses[image.lens].ideal, image.camera_from_world, mask
        )
        for image in model.images.values()
        if image.name not in dropped
        for mask in [(folder / MASKS / image.name).with_suffix(".png")]
    )
    photos = tuple(photo if photo.mask and photo.mask.is_file() else _unmasked(photo) for photo in photos)
    found = report["doctor"]
    notes = (found["verdict"], *(finding["sentence"] for finding in found["findings"]))
    return Opened(
        Capture(photos, model.points, model.colours, _photo_indices(model, dropped), notes=notes),
        int(report["images"]),
        found,
    )


def _unmasked(photo: PosedPhoto) -> PosedPhoto:
    return PosedPhoto(photo.name, photo.path, photo.camera, photo.camera_from_world)


def dropped_photos(folder: Path) -> frozenset[str]:
    """The photos of a capture that a person wants left out. Raises DataError for a list that cannot be read."""
    path = folder / DROPPED
    if not path.is_file():
        return frozenset()
    try:
        names = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"“{path}” is damaged; delete it to have all photos back.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"“{path}” is not a list of names; delete it to have all photos back.")
    return frozenset(names)


def _photo_indices(model: SparseModel, dropped: frozenset[str] = frozenset()) -> np.ndarray:
    """`seen_by` with the places of images in the model, without the dropped ones, instead of their numbers."""
    kept_images = (number for number, image in model.images.items() if image.name not in dropped)
    places = {number: k for k, number in enumerate(kept_images)}
    kept = np.isin(model.seen_by[:, 1], list(places))
    rows = model.seen_by[kept].copy()
    rows[:, 1] = [places[number] for number in rows[:, 1].tolist()]
    return rows


# Posed data -----------------------------------------------------------------------------------------------


def _transforms(source: Path) -> Path:
    found = source if source.is_file() else transforms_file(source)
    assert found is not None
    return found


def _colmap_files(source: Path) -> PosedFiles:
    """A COLMAP model with the photos that it names: in images/, photos/, or beside it."""
    folder = model_folder(source)
    assert folder is not None
    model = read_model(folder)
    places = [source / "images", source / PHOTOS, source, *(parent / "images" for parent in folder.parents[:2])]
    paths: dict[str, Path] = {}
    missing = []
    for image in model.images.values():
        found = next((place / image.name for place in places if (place / image.name).is_file()), None)
        if found is None:
            missing.append((image.name, "there is no such file"))
        else:
            paths[image.name] = found
    if not paths:
        raise DataError(
            f"None of the {len(model.images)} photos of the model in “{folder}” is there; put them into {source / 'images'}."
        )
    root = next(place for place in places if any(path.is_relative_to(place) for path in paths.values()))
    masks = {photo.name: photo.mask for photo in find_photos(root)[0] if photo.mask is not None}
    return PosedFiles(model, paths, masks, tuple(missing))


def _posed(files: PosedFiles, order: Order, tell: Tell) -> Opened:
    """Reads what is there; photos with distortion are written anew without it."""
    model, missing = files.model, list(files.missing)
    photos: dict[str, Found] = {}
    for image in model.images.values():
        if image.name not in files.paths:
            continue
        try:
            photos[image.name] = _found(image.name, files, model)
        except DataError as error:
            missing.append((image.name, str(error)))
    if not photos:
        raise DataError(f"No photo can be used: {missing[0][0]}: {missing[0][1]}")
    notes = [_listed(missing)] if missing else []
    cutout = all(photo.mask == photo.path for photo in photos.values())
    if not len(model.points):
        notes.append("There are no points: training begins with random ones around what the cameras look at.")
    for note in notes:
        tell(Told(note))
    kept = {number: image for number, image in model.images.items() if image.name in photos}
    model = SparseModel(model.lenses, kept, model.points, model.colours, model.seen_by)
    if all(model.lenses[image.lens].straight for image in kept.values()):
        posed = tuple(_in_place(model, number, photos, order.photo_side) for number in kept)
    else:
        posed, model = _straightened(model, photos, order, tell)
    seen = _photo_indices(model)
    return Opened(
        Capture(posed, model.points, model.colours, seen, cutout, tuple(notes)),
        len(files.model.images) + len(files.missing),
    )


def _found(name: str, files: PosedFiles, model: SparseModel) -> Found:
    """A photo whose shape is its camera's. Raises DataError."""
    path = files.paths[name]
    width, height = photo_size(path)
    lens = next(model.lenses[image.lens] for image in model.images.values() if image.name == name)
    if abs(math.log(width / height * lens.height / lens.width)) > _SHAPE:
        raise DataError(
            f"it has {width} × {height} pixels, its camera {lens.width} × {lens.height}; one of them is turned."
        )
    mask = files.masks.get(name) or (path if photo_has_alpha(path) else None)
    return Found(name, path, width, height, mask=mask)


def _in_place(model: SparseModel, number: int, photos: Mapping[str, Found], side: int) -> PosedPhoto:
    image = model.images[number]
    photo = photos[image.name]
    scale = min(1.0, side / max(photo.width, photo.height))
    camera = model.lenses[image.lens].ideal.resized(round(photo.width * scale), round(photo.height * scale))
    return PosedPhoto(image.name, photo.path, camera, image.camera_from_world, photo.mask)


def _straightened(
    model: SparseModel, photos: Mapping[str, Found], order: Order, tell: Tell
) -> tuple[tuple[PosedPhoto, ...], SparseModel]:
    folders = order.out / PHOTOS, order.out / MASKS
    try:
        straight, lost = straighten(
            model,
            photos,
            folders,
            order.photo_side,
            lambda done, total: tell(Progress(Stage.PHOTOS, done, total)),
            order.threads,
        )
    except OSError as error:
        raise DataError(
            f"The photos could not be written to {order.out} ({error.strerror}); make room there."
        ) from error
    if not straight.images:
        raise DataError(f"No photo can be read: {lost[0][1]}")
    masked = {stored_name(name) for name, photo in photos.items() if photo.mask is not None}
    posed = tuple(
        PosedPhoto(
            image.name,
            folders[0] / image.name,
            straight.lenses[image.lens].ideal,
            image.camera_from_world,
            (folders[1] / image.name).with_suffix(".png") if image.name in masked else None,
        )
        for image in straight.images.values()
    )
    return posed, straight


def _listed(missing: list[tuple[str, str]]) -> str:
    names = ", ".join(name for name, _ in missing[:_LISTED])
    more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
    return f"{plural(len(missing), 'photo')} left out: {names}{more} ({missing[0][1].rstrip('.')})."
