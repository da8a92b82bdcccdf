"""What becomes of a person's own pictures: every mode, every kind of damage, every kind of folder."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.api.errors import DataError
from engine.data import pictures
from engine.data.pictures import read_folder, read_picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(mode: str = "RGB", size: tuple[int, int] = (40, 40)) -> Image.Image:
    """Left half red, right half blue."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture.convert(mode)


def saved(folder: Path, name: str, picture: Image.Image, **options: Any) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def assert_halves(tensor: torch.Tensor) -> None:
    assert tensor.dtype == torch.float32
    assert tensor[0, :, 0].min() > 0.9
    assert tensor[2, :, 0].max() < 0.1
    assert tensor[2, :, -1].min() > 0.9
    assert tensor[0, :, -1].max() < 0.1


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGB"), ("a.bmp", "RGB"), ("a.webp", "RGB"), ("a.png", "P"), ("a.gif", "P"), ("a.tiff", "RGB")],
)
def test_a_picture_becomes_rgb_in_0_to_1(tmp_path: Path, name: str, mode: str) -> None:
    picture = halves().quantize(8) if mode == "P" else halves(mode)
    tensor = read_picture(saved(tmp_path, name, picture), 8, 3)
    assert tensor.shape == (3, 8, 8)
    assert_halves(tensor)


def test_grey_from_colour_is_its_brightness(tmp_path: Path) -> None:
    tensor = read_picture(saved(tmp_path, "a.png", halves()), 8, 1)
    assert tensor.shape == (1, 8, 8)
    assert tensor[0, 0, 0].item() == pytest.approx(0.299, abs=0.01)


def test_grey_and_black_and_white_become_three_equal_channels(tmp_path: Path) -> None:
    for mode in ("L", "1"):
        tensor = read_picture(saved(tmp_path, "a.png", Image.new(mode, (9, 9), 255)), 8, 3)
        assert torch.equal(tensor, torch.ones(3, 8, 8))


def test_16_bit_grey_keeps_its_range(tmp_path: Path) -> None:
    values = np.full((10, 10), 32768, np.uint16)
    for name in ("a.png", "a.tiff"):
        tensor = read_picture(saved(tmp_path, name, Image.fromarray(values)), 4, 1)
        assert tensor.mean().item() == pytest.approx(32768 / 65535, abs=1e-6)
        assert read_picture(tmp_path / name, 4, 3).shape == (3, 4, 4)


def test_floating_point_pictures(tmp_path: Path) -> None:
    ramp = np.linspace(-5, 5, 64, dtype=np.float32).reshape(8, 8)
    ramp[0, 0] = np.nan
    tensor = read_picture(saved(tmp_path, "a.tiff", Image.fromarray(ramp)), 8, 1)
    assert torch.isfinite(tensor).all()
    assert (tensor.min().item(), tensor.max().item()) == (0.0, 1.0)


def test_cmyk(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.tiff"):
        assert_halves(read_picture(saved(tmp_path, name, halves("CMYK")), 8, 3).round(decimals=1))


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    see_through = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert torch.equal(read_picture(saved(tmp_path, "a.png", see_through), 8, 3), torch.ones(3, 8, 8))
    half = read_picture(saved(tmp_path, "b.png", Image.new("LA", (8, 8), (0, 128))), 8, 1)
    assert half.mean().item() == pytest.approx(0.5, abs=0.01)
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert read_picture(saved(tmp_path, "c.png", palette, transparency=0), 8, 1).min() == 1.0


def test_1x1_fills_the_square(tmp_path: Path) -> None:
    tensor = read_picture(saved(tmp_path, "a.png", Image.new("RGB", (1, 1), BLUE)), 16, 3)
    assert torch.equal(tensor[2], torch.ones(16, 16))
    assert tensor[:2].max() == 0


def test_the_centred_square_is_kept(tmp_path: Path) -> None:
    wide = Image.new("L", (300, 100), 0)
    wide.paste(255, (100, 0, 200, 100))
    assert read_picture(saved(tmp_path, "a.png", wide), 10, 1).min() == 1.0


def test_shrinking_averages_areas(tmp_path: Path) -> None:
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    assert read_picture(saved(tmp_path, "a.png", Image.fromarray(board)), 8, 1).std() < 0.01


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_as_the_camera_was_held(tmp_path: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = halves()
    stored = picture.transpose(undo[orientation]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_halves(read_picture(saved(tmp_path, "a.png", stored, exif=exif), 8, 3))


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (12, 12), colour) for colour in (RED, BLUE, BLUE)]
    for name in ("a.gif", "a.webp", "a.png"):
        path = saved(tmp_path, name, frames[0], save_all=True, append_images=frames[1:])
        tensor = read_picture(path, 4, 3)
        assert tensor[0].min() > 0.9
        assert tensor[2].max() < 0.1


@pytest.mark.parametrize("side", [30_000, 12_000, 10_001])
def test_too_many_pixels_are_refused_before_decoding(
    tmp_path: Path, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(side, side))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match=r"huge\.png.*too large.*100 million pixels"):
        read_picture(path, 32, 3)


def test_alone_a_file_that_is_no_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"“notes\.png” cannot be used: not a picture"):
        read_picture(tmp_path / "notes.png", 8, 3)
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(DataError, match="not a picture"):
        read_picture(tmp_path / "empty.png", 8, 3)
    with pytest.raises(DataError, match="There is no file"):
        read_picture(tmp_path / "missing.png", 8, 3)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp", "a.tiff"])
def test_truncated_anywhere_gives_a_picture_or_a_sentence(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    whole = saved(tmp_path, name, Image.fromarray(noise)).read_bytes()
    refused = 0
    for length in np.linspace(0, len(whole) - 1, 60).astype(int):
        (tmp_path / name).write_bytes(whole[:length])
        refused += _refused(tmp_path / name)
    assert refused >= 50


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_damaged_bytes_give_a_picture_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, kind: str, damage: list[tuple[int, int]]
) -> None:
    buffer = io.BytesIO()
    halves(size=(20, 14)).save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for place, value in damage:
        data[place % len(data)] = value
    path = tmp_path_factory.mktemp("damaged") / "a.bin"
    path.write_bytes(data)
    _refused(path)


def _refused(path: Path) -> bool:
    try:
        tensor = read_picture(path, 8, 3)
    except DataError:
        return True
    assert tensor.shape == (3, 8, 8)
    assert tensor.min() >= 0
    assert tensor.max() <= 1
    return False


def test_a_folder_is_read_in_order_and_what_is_no_picture_is_reported(tmp_path: Path) -> None:
    for index, name in enumerate(("b.png", "A.jpg", "c.PNG")):
        saved(tmp_path, name, Image.new("L", (20, 30 + index), 80 * index))
    whole = (tmp_path / "b.png").read_bytes()
    photograph = saved(tmp_path, "cut.jpg", halves(size=(64, 64))).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(photograph[:-80])
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "huge.png").write_bytes(png_header(30_000, 30_000))
    (tmp_path / ".hidden.png").write_bytes(whole)
    first, second = read_folder(tmp_path, 8, 1), read_folder(tmp_path, 8, 1)
    assert torch.equal(first.pictures, second.pictures)
    assert [round(value * 255) for value in first.pictures.mean((1, 2, 3)).tolist()] == [80, 0, 160]
    assert [name for name, _ in first.skipped] == ["cut.jpg", "huge.png", "readme.txt"]
    assert [word in reason for word, (_, reason) in zip(("damaged", "large", "not a"), first.skipped, strict=True)] == [
        True
    ] * 3
    assert first.note.startswith("3 pictures, 3 skipped (cut.jpg: ")
    assert first.names == (tmp_path.name,)


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    for name in ("dogs/one.png", "cats/deep/two.png", "cats/three.png", ".trash/four.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        saved(tmp_path, name, Image.new("L", (5, 5)))
    found = read_folder(tmp_path, 8, 1)
    assert found.names == ("cats", "dogs")
    assert found.labels.tolist() == [0, 0, 1]


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There are no pictures in"):
        read_folder(tmp_path, 8, 1)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"No picture in .* can be used \(1 file; notes\.txt: not a picture"):
        read_folder(tmp_path, 8, 1)
    with pytest.raises(DataError, match="There is no folder"):
        read_folder(tmp_path / "missing", 8, 1)
    with pytest.raises(DataError, match="There is no folder"):
        read_folder(tmp_path / "notes.txt", 8, 1)


def test_an_unreadable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the refusal is played."""
    saved(tmp_path, "a.png", halves())
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refusing(locked: Path):
        def scan(path: str):
            if Path(path) == locked:
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        return scan

    monkeypatch.setattr(os, "scandir", refusing(tmp_path / "locked"))
    assert read_folder(tmp_path, 8, 3).skipped == (("locked", "the folder cannot be read"),)
    monkeypatch.setattr(os, "scandir", refusing(tmp_path))
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read_folder(tmp_path, 8, 3)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    saved(tmp_path, "a.png", halves())
    monkeypatch.setattr(pictures.Image, "open", refuse)
    with pytest.raises(DataError, match="it may not be read"):
        read_picture(tmp_path / "a.png", 8, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    saved(tmp_path, "a.png", halves())
    assert len(read_folder(tmp_path, 8, 3).pictures) == 1


def test_a_folder_larger_than_memory_allows_is_read_evenly(tmp_path: Path) -> None:
    for index in range(10):
        saved(tmp_path, f"{index}.png", Image.new("L", (4, 4), index * 20))
    found = read_folder(tmp_path, 4, 1, max_bytes=4 * 4 * 4 * 4)
    assert [round(value * 255) for value in found.pictures.mean((1, 2, 3)).tolist()] == [0, 60, 120, 180]
    assert found.left_out == 6
    assert "6 more left out" in found.note


def test_the_readers_warnings_are_not_the_persons_concern(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_header(9_800, 9_800))  # Pillow warns from 89 million pixels on
    with pytest.raises(DataError, match="damaged"):
        read_picture(path, 4, 1)
