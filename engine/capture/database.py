"""What a capture has found out so far, in COLMAP's database: features of photos and verified matches of pairs.

Each photo and each pair is a transaction of its own, so a capture that was broken off goes on where it was. Runs in the child process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pycolmap

from engine.capture.features import Features

if TYPE_CHECKING:
    from engine.capture.intake import Found

_GUESSED_FOCAL = 1.2
"""Of the longer side, where the photo does not say: about 45° of view, as COLMAP assumes."""

_LEAST_MATCHES, _TRIALS, _LEAST_INLIERS = 15, 1500, 0.3


class FeatureStore:
    """The database, and which photo has which number in it."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._cameras: dict[tuple[object, ...], tuple[Any, int]] = {}
        self.numbers: dict[str, int] = {image.name: image.image_id for image in database.read_all_images()}

    def has_features(self, name: str) -> bool:
        """Whether the photo was looked at before."""
        return name in self.numbers and bool(self._database.exists_descriptors(self.numbers[name]))

    def features_of(self, name: str) -> Features:
        """What was found in a photo."""
        number = self.numbers[name]
        table = np.asarray(self._database.read_keypoints(number), np.float32).reshape(-1, 4)
        stored = np.asarray(self._database.read_descriptors(number).data, np.float32).reshape(-1, 128)
        lengths = np.linalg.norm(stored, axis=1, keepdims=True)
        return Features(table[:, :2], table[:, 2], table[:, 3], stored / np.maximum(lengths, 1e-9))

    def add_photo(self, photo: Found, scale: float, features: Features) -> None:
        """Keeps a photo's features, measured on the photo made `scale` times as large. Descriptors are stored as bytes, as COLMAP does."""
        with pycolmap.DatabaseTransaction(self._database):
            camera, rig = self._camera_of(photo, scale)
            image = pycolmap.Image(name=photo.name, camera_id=camera.camera_id)
            number = image.image_id = self._database.write_image(image)
            frame = pycolmap.Frame()
            frame.rig_id = rig
            frame.add_data_id(image.data_id)
            self._database.write_frame(frame)
            table = np.concatenate([features.places, features.sizes[:, None], features.angles[:, None]], 1)
            self._database.write_keypoints(number, table)
            small = np.minimum(np.round(512 * features.descriptors), 255).astype(np.uint8)
            kind = pycolmap.FeatureExtractorType.SIFT
            self._database.write_descriptors(number, pycolmap.FeatureDescriptors(kind, small))
        self.numbers[photo.name] = number

    def _camera_of(self, photo: Found, scale: float) -> tuple[Any, int]:
        if photo.group not in self._cameras:
            width, height = round(photo.width * scale), round(photo.height * scale)
            focal = photo.focal * scale or _GUESSED_FOCAL * max(width, height)
            model = pycolmap.CameraModelId.SIMPLE_RADIAL
            camera = pycolmap.Camera.create_from_model_id(0, model, focal, width, height)
            camera.has_prior_focal_length = photo.focal > 0
            camera.camera_id = self._database.write_camera(camera)
            rig = pycolmap.Rig()
            rig.add_ref_sensor(camera.sensor_id)
            self._cameras[photo.group] = camera, self._database.write_rig(rig)
        return self._cameras[photo.group]

    def restore_cameras(self, photos: list[Found]) -> None:
        """After a break: photos of the same group share the camera that the first of them was given."""
        rigs = {rig.ref_sensor_id.id: rig.rig_id for rig in self._database.read_all_rigs()}
        known = {image.name: image.camera_id for image in self._database.read_all_images()}
        for photo in photos:
            if photo.name in known and photo.group not in self._cameras:
                camera = self._database.read_camera(known[photo.name])
                self._cameras[photo.group] = camera, rigs[camera.camera_id]

    def was_compared(self, first: str, second: str) -> bool:
        """Whether the pair was matched before."""
        return bool(self._database.exists_matches(self.numbers[first], self.numbers[second]))

    def add_pair(self, first: str, second: str, matches: np.ndarray, geometry: Any) -> None:
        """Keeps the matches of a pair and, unless it is None, what RANSAC made of them."""
        one, two = self.numbers[first], self.numbers[second]
        with pycolmap.DatabaseTransaction(self._database):
            if geometry is not None:
                self._database.write_two_view_geometry(one, two, geometry)
            self._database.write_matches(one, two, matches)

    def camera_of(self, photo: Found) -> Any:
        """The COLMAP camera of a photo."""
        return self._cameras[photo.group][0]

    def matches(self) -> dict[tuple[str, str], np.ndarray]:
        """What each compared pair was matched by, pairs of indices of features."""
        names = {number: name for name, number in self.numbers.items()}
        found = {}
        for key, matches in zip(*self._database.read_all_matches(), strict=True):
            one, two = pycolmap.pair_id_to_image_pair(key)
            found[names[one], names[two]] = np.asarray(matches)
        return found

    def verified(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Pairs that show the same, how many matches agree, and on what kind of geometry."""
        names = {number: name for name, number in self.numbers.items()}
        found = {}
        for key, geometry in zip(*self._database.read_two_view_geometries(), strict=True):
            one, two = pycolmap.pair_id_to_image_pair(key)
            found[names[one], names[two]] = (
                len(geometry.inlier_matches),
                pycolmap.TwoViewGeometryConfiguration(geometry.config).name,
            )
        return found


def verify(camera_1: Any, first: Features, camera_2: Any, second: Features, matches: np.ndarray, seed: int) -> Any:
    """What two views of one rigid scene the matches agree on, by RANSAC; None for too few matches."""
    if len(matches) < _LEAST_MATCHES:
        return None
    options = pycolmap.TwoViewGeometryOptions()
    options.ransac.random_seed = seed
    options.ransac.max_num_trials = _TRIALS
    options.ransac.min_inlier_ratio = _LEAST_INLIERS
    places = (part.places.astype(np.float64) for part in (first, second))
    return pycolmap.estimate_two_view_geometry(camera_1, next(places), camera_2, next(places), matches, options)


@contextmanager
def opened_store(path: Path) -> Iterator[FeatureStore]:
    """The database of a capture, made if there is none."""
    with pycolmap.Database.open(path) as database:
        yield FeatureStore(database)
