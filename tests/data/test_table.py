"""The named sets, and the way from a path to a split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.api.errors import DataError
from engine.data.digits import split_digits
from engine.data.sprites import FACTORS, draw_sprites, render_sprites
from engine.data.table import load_pictures

PHOTOS = Path(__file__).resolve().parents[2] / "../shared/data/flowerpot/images"


def test_digits_are_split_in_proportion_and_always_alike() -> None:
    first, second = split_digits(), split_digits()
    assert (first.train.shape, first.test.shape) == ((1437, 1, 8, 8), (360, 1, 8, 8))
    assert torch.equal(first.test, second.test)
    assert first.train.min() == 0
    assert first.train.max() == 1
    assert set(torch.bincount(first.test_labels).tolist()) <= {34, 35, 36, 37}
    assert not torch.equal(first.test, split_digits(1).test)


@pytest.mark.parametrize("name", ["digits", "sprites"])
@pytest.mark.parametrize("channels", [1, 3])
def test_named_sets_come_in_any_size(name: str, channels: int) -> None:
    data = load_pictures(name, 24, channels)
    assert data.train.shape[1:] == (channels, 24, 24)
    assert len(data.train) == 4 * len(data.test) or name == "digits"
    assert data.train.min() >= 0
    assert data.train.max() <= 1
    assert len(data.test_labels) == len(data.test)
    assert int(data.train_labels.max()) == len(data.names) - 1


def test_a_sprite_shows_its_factors() -> None:
    sprites = draw_sprites(600, 32, 0)
    mass = sprites.pictures.amax(1)
    place = torch.linspace(-1, 1, 32)
    column = (mass.sum(1) * place).sum(1) / mass.sum((1, 2))
    row = -(mass.sum(2) * place).sum(1) / mass.sum((1, 2))
    # Read from the picture: the place from the centre of mass, the size from the area, within one shape.
    assert np.corrcoef(column, sprites.factors[:, 3])[0, 1] > 0.98
    assert np.corrcoef(row, sprites.factors[:, 4])[0, 1] > 0.98
    for shape in range(FACTORS["shape"]):
        chosen = (sprites.factors[:, 0] == shape) & (sprites.factors[:, 5] == 5)
        assert np.corrcoef(mass[chosen].sum((1, 2)), sprites.factors[chosen, 1])[0, 1] > 0.97
    assert [int(sprites.factors[:, index].max()) + 1 for index in range(6)] == list(FACTORS.values())


def test_no_two_values_of_a_factor_give_the_same_sprite() -> None:
    for index, values in enumerate(FACTORS.values()):
        factors = np.full((values, 6), 2)
        factors[:, index] = np.arange(values)
        pictures = render_sprites(factors, 32).flatten(1)
        distance = torch.cdist(pictures, pictures) + torch.eye(values) * 1e3
        assert distance.min() > 0.5


def test_sprites_stay_inside_the_picture() -> None:
    corners = np.array(
        [[shape, 5, turn, x, y, 5] for shape in range(3) for turn in range(16) for x in (0, 15) for y in (0, 15)]
    )
    pictures = render_sprites(corners, 32)
    assert (
        pictures[:, :, 0].max()
        == pictures[:, :, -1].max()
        == pictures[:, :, :, 0].max()
        == pictures[:, :, :, -1].max()
        == 0
    )


def test_a_folder_of_photographs() -> None:
    data = load_pictures(str(PHOTOS), 32, 3)
    assert (data.train.shape, data.test.shape) == ((40, 3, 32, 32), (9, 3, 32, 32))
    assert "49 pictures" in data.note


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_tiny_folder_still_has_something_to_learn_from_and_to_be_judged_by(tmp_path: Path, count: int) -> None:
    for index in range(count):
        Image.new("L", (10, 10), 40 * index).save(tmp_path / f"{index}.png")
    data = load_pictures(str(tmp_path), 8, 1)
    assert len(data.test) == 1
    assert len(data.train) == max(1, count - 1)
    assert ("also the one" in data.note) == (count == 1)


def test_a_single_picture(tmp_path: Path) -> None:
    Image.new("L", (10, 10), 40).save(tmp_path / "me.png")
    data = load_pictures(str(tmp_path / "me.png"), 8, 3)
    assert data.train.shape == data.test.shape == (1, 3, 8, 8)
    assert data.names == ("me",)


def test_an_unknown_name_suggests_the_near_one() -> None:
    with pytest.raises(DataError, match="“digts”; did you mean digits"):
        load_pictures("digts", 8, 1)
