"""One way to any set of pictures: a name that the program knows, or a path to the person's own.

Labs that learn from pictures call `load_pictures`, so that `--data FOLDER` and a dropped folder work in each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from engine.api.errors import DataError
from engine.api.own_files import is_packed
from engine.api.words import near, plural
from engine.data.packed import Part, read_packed
from engine.data.pictures import MAX_BYTES, Watch, read_folder, read_picture, unwatched

NAMES = ("digits", "sprites", "glyphs")
SPRITES = GLYPHS = 5000
SPLIT_SEED = 0
"""The exam is the same for every run: figures of different seeds can be compared."""


@dataclass(frozen=True)
class PictureData:
    """Pictures to learn from and pictures to be judged by.

    `train`, `test` [N, C, S, S] in 0..1; their labels index `names`; `note` says in words what was read, `unread` (a
    sentence, for the person) that not all of it could be.
    `test_factors` [n, F]: the factors that made each test picture, where they are known, called `factor_names`.
    """

    train: Float[Tensor, "n c s s"]
    test: Float[Tensor, "m c s s"]
    train_labels: Int[Tensor, "n"]
    test_labels: Int[Tensor, "m"]
    names: tuple[str, ...]
    note: str
    test_factors: Int[Tensor, "m f"] | None = None
    factor_names: tuple[str, ...] = ()
    unread: str = ""

    def to(self, device: torch.device) -> PictureData:
        """The same pictures and labels on another device; the factors stay."""
        moved = ("train", "test", "train_labels", "test_labels")
        return replace(self, **{name: getattr(self, name).to(device) for name in moved})


def load_pictures(
    name_or_path: str, size: int, channels: int, seed: int = SPLIT_SEED, watch: Watch = unwatched
) -> PictureData:
    """The set of that name, or the pictures at that path, split 80/20.

    Args:
        name_or_path: one of `NAMES`, a folder of pictures (its sub-folders are classes), a single picture, or the files of
            MNIST, Fashion-MNIST or CIFAR (their folder, or one of them).
        size: side of the square pictures in pixels; digits are 8 × 8 and enlarged to anything else.
        channels: 1 (grey) or 3 (RGB).
        seed: of the split and of procedural pictures.
        watch: hears how far the reading is; a lab gives `ctx.reading`, so that the person sees it and may stop.

    Raises:
        DataError: there is neither such a set nor such a path, or no picture there can be used.
    """
    if name_or_path == "digits":
        return _digits(size, channels, seed)
    if name_or_path == "sprites":
        return _sprites(size, channels, seed)
    if name_or_path == "glyphs":
        return load_glyphs(size, channels, seed)
    return _own(name_or_path, size, channels, seed, watch)


def _digits(size: int, channels: int, seed: int) -> PictureData:
    from engine.data.digits import CLASSES, split_digits

    digits = split_digits(seed)

    def enlarged(pictures: Tensor) -> Tensor:
        if size != pictures.shape[-1]:
            pictures = functional.interpolate(pictures, (size, size), mode="bicubic").clamp(0, 1)
        return pictures.repeat(1, channels, 1, 1)

    note = f"{len(digits.train):,} digits to learn from, {len(digits.test)} to be judged by"
    return PictureData(
        enlarged(digits.train), enlarged(digits.test), digits.train_labels, digits.test_labels, CLASSES, note
    )


def _sprites(size: int, channels: int, seed: int) -> PictureData:
    from engine.data.sprites import FACTORS, SHAPES, draw_sprites

    sprites = draw_sprites(SPRITES, size, seed)
    pictures = sprites.pictures if channels == 3 else _luma(sprites.pictures)
    cut = SPRITES * 4 // 5
    shape = sprites.factors[:, 0]
    return PictureData(
        pictures[:cut],
        pictures[cut:],
        shape[:cut],
        shape[cut:],
        SHAPES,
        f"{cut:,} sprites to learn from, {SPRITES - cut:,} to be judged by",
        sprites.factors[cut:],
        tuple(FACTORS),
    )


def load_glyphs(
    size: int, channels: int, seed: int = 0, train: Sequence[int] | None = None, test: Sequence[int] | None = None
) -> PictureData:
    """The glyphs as `load_pictures` gives them; `train` and `test`: only these are drawn, which saves a second."""
    from engine.data.glyphs import draw_glyphs

    cut = GLYPHS * 4 // 5
    rows = [*(train if train is not None else range(cut)), *(cut + k for k in (test or range(GLYPHS - cut)))]
    glyphs = draw_glyphs(GLYPHS, size, seed, rows=rows)
    pictures = glyphs.pictures.expand(-1, channels, -1, -1)
    first = cut if train is None else len(train)
    return PictureData(
        pictures[:first],
        pictures[first:],
        glyphs.labels[:first],
        glyphs.labels[first:],
        tuple(glyphs.letters),
        f"{cut:,} letters to learn from, {GLYPHS - cut:,} to be judged by",
        glyphs.styles[first:, None],
        ("style",),
    )


def _own(path: str, size: int, channels: int, seed: int, watch: Watch) -> PictureData:
    place = Path(path).expanduser()
    if is_packed(place):
        return _packed(place, size, channels, seed)
    if place.is_dir():
        found = read_folder(place, size, channels, watch=watch)
        unread = f"In “{place.name}”: {found.note}." if found.skipped or found.left_out else ""
        return replace(_split(found.pictures, found.labels, found.names, found.note, seed), unread=unread)
    if place.exists():
        picture = read_picture(place, size, channels)[None]
        return _split(picture, torch.zeros(1, dtype=torch.long), (place.stem,), "1 picture", seed)
    raise DataError(f"There is no folder, picture or data set “{path}”{near(path, NAMES)}")


def _packed(place: Path, size: int, channels: int, seed: int) -> PictureData:
    """Published sets keep the part that they are judged by; of what does not fit into memory, evenly spaced pictures are read."""
    packed = read_packed(place)
    parts = [part for part in (packed.train, packed.test) if part is not None]
    total, room = sum(len(part.labels) for part in parts), MAX_BYTES // (4 * channels * size * size)
    parts = [_spread(part, max(1, len(part.labels) * room // total)) if total > room else part for part in parts]
    left = total - sum(len(part.labels) for part in parts)
    unread = f"In “{place.name}”: {left:,} of {total:,} pictures left out for memory." if left else ""
    ready = [(_resized(part.pictures, size, channels), torch.from_numpy(part.labels)) for part in parts]
    note = plural(total - left, "picture")
    if len(ready) == 1:
        return replace(_split(*ready[0], packed.names, note, seed), unread=unread)
    (train, train_labels), (test, test_labels) = ready
    note = f"{note}, {len(test):,} published to be judged by"
    return PictureData(train, test, train_labels, test_labels, packed.names, note, unread=unread)


def _spread(part: Part, most: int) -> Part:
    """At most so many of the pictures, evenly spaced."""
    chosen = np.linspace(0, len(part.labels) - 1, min(most, len(part.labels))).round().astype(int)
    return Part(part.pictures[chosen], part.labels[chosen])


def _resized(pictures: np.ndarray, size: int, channels: int) -> Float[Tensor, "n c s s"]:
    """Bytes as squares in 0..1 of the wanted size, a few thousand at a time."""
    done = torch.empty(len(pictures), channels, size, size)
    for begin in range(0, len(pictures), 2048):
        some = torch.from_numpy(pictures[begin : begin + 2048].astype(np.float32) / 255.0)
        if some.shape[1] != channels:
            some = _luma(some) if channels == 1 else some.expand(-1, channels, -1, -1)
        if some.shape[-2:] != (size, size):
            shrinks = size <= min(some.shape[-2:])
            some = functional.interpolate(some, (size, size), mode="area" if shrinks else "bilinear")
        done[begin : begin + len(some)] = some
    return done


def _split(pictures: Tensor, labels: Tensor, names: tuple[str, ...], note: str, seed: int) -> PictureData:
    """Puts a fifth, at least one, aside. A single picture is both learnt from and judged by, and the note says so."""
    count = len(pictures)
    if count == 1:
        return PictureData(pictures, pictures, labels, labels, names, f"{note}; it is also the one to be judged by")
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    held = max(1, count // 5)
    test, train = order[:held].sort().values, order[held:].sort().values
    return PictureData(
        pictures[train], pictures[test], labels[train], labels[test], names, f"{note}, {held} put aside to be judged by"
    )


def _luma(pictures: Float[Tensor, "n 3 s s"]) -> Float[Tensor, "n 1 s s"]:
    """Brightness by ITU-R BT.601, as Pillow makes grey of colour."""
    weights = torch.tensor([0.299, 0.587, 0.114])
    return torch.einsum("nchw,c->nhw", pictures, weights).unsqueeze(1)
