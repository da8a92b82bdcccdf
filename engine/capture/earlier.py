"""A finished capture of the same photos that was made for an earlier run: minutes that need not be spent again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.api.errors import DataError
from engine.capture.intake import find_photos
from engine.capture.order import KEY, MODEL, PHOTOS, REPORT, Order
from engine.capture.session import read_report


def earlier_capture(order: Order, places: Iterable[Path]) -> Path | None:
    """The first folder with a finished capture of just this order, younger than every photo, and whole."""
    return next((place for place in places if _fits(order, place)), None)


def _fits(order: Order, place: Path) -> bool:
    report = read_report(place)
    try:
        if report is None or (place / KEY).read_text("utf-8") != order.key:
            return False
        made = (place / REPORT).stat().st_mtime
        if not (place / MODEL).is_dir() or not any((place / PHOTOS).iterdir()):
            return False
        return all(path.stat().st_mtime <= made for path in _sources(order)) and _as_many(order, report)
    except (OSError, DataError):
        return False


def _sources(order: Order) -> list[Path]:
    if order.source.is_file():
        return [order.source]
    photos, _ = find_photos(order.source, order.masks)
    return [path for photo in photos for path in (photo.path, photo.mask) if path is not None]


def _as_many(order: Order, report: dict[str, object]) -> bool:
    """Whether no photo was added or taken away since."""
    if order.source.is_file():
        return True
    photos, skipped = find_photos(order.source, order.masks)
    return report["images"] == len(photos) + len(skipped)
