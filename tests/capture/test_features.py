"""Features, their matches beside the plain definition, fingerprints, and which pairs are compared."""

import numpy as np
from PIL import Image

from engine.capture.features import (
    PARTNERS,
    Features,
    all_pairs,
    apart,
    find_features,
    fingerprint,
    likely_pairs,
    match,
    sharpness,
)
from tests.capture import room


def grey(k: int = 0, seed: int = 0) -> np.ndarray:
    return np.asarray(Image.fromarray(room.photograph(room.poses(4)[k], seed)).convert("L"))


def plain(first: np.ndarray, second: np.ndarray) -> list[tuple[int, int]]:
    """Mutual nearest neighbours that pass the ratio test, one by one."""
    angles = np.arccos(np.clip(first.astype(np.float64) @ second.T.astype(np.float64), -1, 1))
    found = []
    for i, row in enumerate(angles):
        best, runner_up = np.argsort(row)[:2]
        if angles[:, best].argmin() == i and row[best] < 0.8 * row[runner_up] and row[best] < 0.7:
            found.append((i, int(best)))
    return found


def test_matches_equal_the_plain_definition() -> None:
    first, second = (find_features(grey(k)) for k in (0, 1))
    found = match(first, second)
    assert len(found) > 50
    assert [tuple(pair) for pair in found.tolist()] == plain(first.descriptors, second.descriptors)


def test_a_place_is_found_where_it_is() -> None:
    """A blob's centre in continuous coordinates: the first pixel's centre is (0.5, 0.5)."""
    y, x = np.mgrid[:80, :100] + 0.5
    picture = (255 * np.exp(-((x - 41.3) ** 2 + (y - 30.8) ** 2) / 60)).astype(np.uint8)
    found = find_features(picture)
    assert np.linalg.norm(found.places - (41.3, 30.8), axis=1).min() < 0.1


def test_no_feature_lies_under_a_mask() -> None:
    mask = np.ones((240, 320), np.float32)
    mask[:, :160] = 0
    found = find_features(grey(), mask)
    assert len(found) > 50
    assert found.places[:, 0].min() >= 159


def test_a_picture_without_texture_has_no_features() -> None:
    nothing = find_features(np.full((40, 50), 128, np.uint8))
    assert len(nothing) == 0
    assert len(match(nothing, find_features(grey()))) == 0
    assert isinstance(nothing, Features)


def test_blur_and_copies_are_told() -> None:
    sharp, other = grey(), grey(0, seed=4)
    blurred = np.asarray(Image.fromarray(sharp).resize((40, 30)).resize((320, 240)))
    assert sharpness(blurred) < 0.2 * sharpness(sharp)
    brighter = np.clip(sharp.astype(int) + 12, 0, 255).astype(np.uint8)
    assert apart(fingerprint(sharp), fingerprint(brighter)) <= 2
    assert apart(fingerprint(sharp), fingerprint(other)) > 10


def test_each_photo_is_compared_with_its_likeliest_partners() -> None:
    pairs = all_pairs(60)
    assert len(pairs) == 60 * 59 // 2
    scores = np.array([max(0, 50 - (j - i)) for i, j in pairs])
    chosen = likely_pairs(scores, pairs)
    assert all((i, i + 1) in chosen for i in range(59))
    assert len(chosen) <= 60 * PARTNERS
    assert likely_pairs(np.zeros(len(pairs), int), pairs) == []


def test_very_many_photos_are_compared_with_neighbours_and_a_few_far_ones() -> None:
    pairs = all_pairs(2000)
    assert len(pairs) < 70_000
    assert all((i, i + 1) in set(pairs) for i in range(0, 1999, 100))
