"""A capture from its photos to its result, stage by stage. Runs in the child process; whatever it finds out it tells as events."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from threadpoolctl import threadpool_limits

from engine.api.errors import DataError
from engine.api.records import write_text_atomically
from engine.capture import doctor, features
from engine.capture.colmap import write_model
from engine.capture.database import FeatureStore, opened_store, verify
from engine.capture.events import Event, Finished, Progress, Stage, Told
from engine.capture.features import Features, all_pairs, find_features, likely_pairs, match
from engine.capture.intake import FEWEST, VIDEOS, Found, find_photos
from engine.capture.mapping import map_photos
from engine.capture.motion import second_motion
from engine.capture.order import DATABASE, FRAMES, KEY, MASKS, MODEL, PHOTOS, REPORT, Order
from engine.capture.straighten import straighten, upright
from engine.capture.video import sharpest_frames
from engine.data.photos import read_mask, read_photo

Tell = Callable[[Event], None]
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, eq=False)
class Seen:
    """A photo as the capture knows it: its features, the colours under them, and what the doctor wants to know."""

    photo: Found
    features: Features
    colours: UInt8[np.ndarray, "n 3"]
    sharp: float
    print: str


class Clock:
    """How long each stage took, and how long the running one will take."""

    def __init__(self, tell: Tell) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = tell
        self._begun = 0.0

    @contextmanager
    def stage(self, stage: Stage, total: int = 0) -> Iterator[Callable[[int, int], None]]:
        """A stage; what it yields is told how much of it is done."""
        self._begun = begun = time.monotonic()
        self._tell(Progress(stage, 0, total))
        yield lambda done, of: self._report(stage, done, of)
        self.seconds[stage.name.lower()] = round(time.monotonic() - begun, 3)

    def _report(self, stage: Stage, done: int, total: int) -> None:
        left = (time.monotonic() - self._begun) / done * (total - done) if done else float("nan")
        self._tell(Progress(stage, done, total, left))


def carry_out(order: Order, tell: Tell) -> None:
    """Does the whole capture. Raises DataError with one sentence if nothing can come of it, OSError if the disk takes no more."""
    cv2.setNumThreads(1)
    clock = Clock(tell)
    order.out.mkdir(parents=True, exist_ok=True)
    (order.out / REPORT).unlink(missing_ok=True)
    _forget_if_other(order)
    with threadpool_limits(1):
        photos, skipped = _photos(order, clock)
        for name, reason in skipped:
            tell(Told(f"{name} is left out: {reason}"))
        with opened_store(order.out / DATABASE) as store:
            seen, gone = _look(order, photos, store, clock)
            _compare(order, seen, store, clock)
            pairs, matches = store.verified(), store.matches()
        with clock.stage(Stage.MAPPING, len(seen)):
            colours = {one.photo.name: one.colours for one in seen}
            mapped = map_photos(order.out / DATABASE, order.out / "mapping", colours, order.threads, order.seed, tell)
        by_name = {one.photo.name: one.features for one in seen}
        moving = second_motion(by_name, matches, mapped[0].model, order.seed) if mapped else None
        patients = [_for_doctor(one) for one in seen]
        report = doctor.examine(doctor.Evidence(patients, pairs, mapped, [*skipped, *gone], moving))
        for sentence in report.sentences:
            tell(Told(sentence))
        if not mapped:
            raise DataError(report.verdict)
        with clock.stage(Stage.PHOTOS, len(mapped[0].model.images)) as progress:
            lost = _finish(order, mapped[0].model, {one.photo.name: one.photo for one in seen}, progress)
    for name, reason in lost:
        tell(Told(f"{name} is left out: {reason}"))
    registered = len(mapped[0].model.images) - len(lost)
    finished = Finished(registered, len(photos) + len(skipped), clock.seconds)
    summary = vars(finished) | {"doctor": report.as_json()}
    write_text_atomically(order.out / REPORT, json.dumps(summary, indent=1) + "\n")
    tell(finished)


def _forget_if_other(order: Order) -> None:
    """What another order left in the folder's database is of no use to this one."""
    key = order.out / KEY
    if not key.is_file() or key.read_text("utf-8") != order.key:
        (order.out / DATABASE).unlink(missing_ok=True)
        write_text_atomically(key, order.key)


def _photos(order: Order, clock: Clock) -> tuple[list[Found], list[tuple[str, str]]]:
    folder = order.source
    if folder.is_file():
        folder = order.out / FRAMES
        if not (order.out / DATABASE).exists():
            with clock.stage(Stage.FRAMES) as progress:
                sharpest_frames(order.source, folder, order.frames, order.photo_side, progress)
    photos, skipped = find_photos(folder, order.masks)
    if len(photos) < FEWEST:
        kind = "frames" if order.source.suffix.lower() in VIDEOS else "photos"
        raise DataError(
            f"{len(photos)} {kind} are too few: a scene needs at least {FEWEST}, and 20 or more to look good."
        )
    return photos, skipped


# Features -------------------------------------------------------------------------------------------------


def _look(
    order: Order, photos: list[Found], store: FeatureStore, clock: Clock
) -> tuple[list[Seen], list[tuple[str, str]]]:
    """Every photo with its features, found anew or taken from the database; and those that cannot be read any more."""
    store.restore_cameras(photos)
    gone: list[tuple[str, str]] = []
    found: dict[str, Seen] = {}

    def look(photo: Found) -> Seen | DataError:
        try:
            return _seen(photo, order.long_side, known.get(photo.name))
        except DataError as error:
            return error

    known = {photo.name: store.features_of(photo.name) for photo in photos if store.has_features(photo.name)}
    with clock.stage(Stage.FEATURES, len(photos)) as progress:
        for photo, one in _in_parallel(look, photos, order.threads):
            if isinstance(one, DataError):
                gone.append((photo.name, str(one)))
            else:
                found[photo.name] = one
                if photo.name not in known:
                    store.add_photo(photo, _scale(photo, order.long_side), one.features)
            progress(len(found) + len(gone), len(photos))
    seen = [found[photo.name] for photo in photos if photo.name in found]
    if len(seen) < FEWEST:
        raise DataError(f"Only {len(seen)} of {len(photos)} photos can be read ({gone[0][1]}); a scene needs {FEWEST}.")
    return seen, gone


def _scale(photo: Found, side: int) -> float:
    return min(1.0, side / max(photo.width, photo.height))


def _seen(photo: Found, side: int, known: Features | None) -> Seen:
    scale = _scale(photo, side)
    size = round(photo.width * scale), round(photo.height * scale)
    pixels = read_photo(photo.path, *size)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if known is None:
        mask: Float32[np.ndarray, "h w"] | None = None if photo.mask is None else read_mask(photo.mask, *size)
        known = find_features(grey, mask)
    at = np.clip(known.places.astype(int), 0, np.array(size) - 1)
    return Seen(photo, known, pixels[at[:, 1], at[:, 0]], features.sharpness(grey), features.fingerprint(grey))


def _for_doctor(one: Seen) -> doctor.Patient:
    photo = one.photo
    return doctor.Patient(photo.name, photo.width, photo.height, len(one.features), one.sharp, one.print)


# Pairs ----------------------------------------------------------------------------------------------------


def _compare(order: Order, seen: list[Seen], store: FeatureStore, clock: Clock) -> None:
    """Matches and verifies the pairs that are worth it and were not compared before."""
    pairs = all_pairs(len(seen))
    with clock.stage(Stage.PAIRS, len(pairs)) as progress:
        scores = np.zeros(len(pairs), np.int64)
        batches = [range(k, min(k + 64, len(pairs))) for k in range(0, len(pairs), 64)]
        for batch, counts in _in_parallel(
            lambda batch: [_preview(seen, pairs[k]) for k in batch], batches, order.threads
        ):
            scores[batch.start : batch.stop] = counts
            progress(batch.stop, len(pairs))
    chosen = likely_pairs(scores, pairs)
    todo = [pair for pair in chosen if not store.was_compared(*_names(seen, pair))]

    def compare(pair: tuple[int, int]) -> tuple[np.ndarray, Any]:
        first, second = (seen[k] for k in pair)
        matches = match(first.features, second.features)
        cameras = [store.camera_of(one.photo) for one in (first, second)]
        return matches, verify(cameras[0], first.features, cameras[1], second.features, matches, order.seed)

    with clock.stage(Stage.MATCHES, len(chosen)) as progress:
        done = len(chosen) - len(todo)
        for pair, (matches, geometry) in _in_parallel(compare, todo, order.threads):
            store.add_pair(*_names(seen, pair), matches, geometry)
            done += 1
            progress(done, len(chosen))


def _preview(seen: list[Seen], pair: tuple[int, int]) -> int:
    return len(match(seen[pair[0]].features, seen[pair[1]].features, features.PREVIEW))


def _names(seen: list[Seen], pair: tuple[int, int]) -> tuple[str, str]:
    return seen[pair[0]].photo.name, seen[pair[1]].photo.name


def _in_parallel(work: Callable[[In], Out], things: Iterable[In], threads: int) -> Iterator[tuple[In, Out]]:
    """Each thing, in order, with what came of it; no more are under way than are needed to keep the threads busy."""
    waiting, running = iter(things), deque[tuple[In, Future[Out]]]()
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for thing in islice(waiting, 3 * threads - len(running)):
                running.append((thing, pool.submit(work, thing)))
            if not running:
                return
            thing, done = running.popleft()
            yield thing, done.result()


# The result -----------------------------------------------------------------------------------------------


def _finish(
    order: Order, model: Any, photos: dict[str, Found], progress: Callable[[int, int], None]
) -> list[tuple[str, str]]:
    folders = order.out / PHOTOS, order.out / MASKS
    straight, lost = straighten(model, photos, folders, order.photo_side, progress, order.threads)
    if len(straight.images) < FEWEST:
        raise DataError(f"Most photos are gone ({lost[0][1]}); put them back and start again.")
    write_model(order.out / MODEL, upright(straight))
    return lost


def threads_of(machine: int | None = None) -> int:
    """How many threads a capture takes: all cores but, of many, one."""
    cores = machine or os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1
