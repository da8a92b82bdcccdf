"""Letters drawn from the shipped fonts: whole, centred, alike for a seed, and told apart."""

from __future__ import annotations

import torch

from engine.data.glyphs import FIGURES, LETTERS, STYLES, draw_glyphs
from engine.data.table import load_pictures


def test_every_letter_and_style_comes_and_none_is_cut_off() -> None:
    glyphs = draw_glyphs(1500, 28, seed=1)
    assert glyphs.pictures.shape == (1500, 1, 28, 28)
    assert 0 <= glyphs.pictures.min() <= glyphs.pictures.max() <= 1
    assert torch.bincount(glyphs.labels).min() > 20
    assert torch.bincount(glyphs.styles, minlength=len(STYLES)).min() > 200
    rim = torch.cat([glyphs.pictures[..., 0, :], glyphs.pictures[..., -1, :]], -1)
    assert (rim.amax((1, 2)) > 0.5).float().mean() < 0.01, "hardly any letter reaches over the rim"


def test_straight_letters_stand_in_the_middle_and_bold_ones_have_more_ink() -> None:
    glyphs = draw_glyphs(400, 32, letters=LETTERS + FIGURES, loose=0.0)
    place = torch.linspace(-1, 1, 32)
    ink = glyphs.pictures[:, 0].sum((1, 2))
    across = (glyphs.pictures[:, 0].sum(1) * place).sum(1) / ink
    assert across.abs().max() < 0.25
    bold, regular = list(STYLES).index("bold"), list(STYLES).index("regular")
    assert ink[glyphs.styles == bold].mean() > 1.4 * ink[glyphs.styles == regular].mean()


def test_a_seed_draws_the_same_letters_and_they_can_be_told_apart() -> None:
    first, again, other = (draw_glyphs(600, 12, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.pictures, again.pictures)
    assert not torch.equal(first.pictures, other.pictures)
    flat, asked = first.pictures.flatten(1), other.pictures.flatten(1)
    nearest = first.labels[torch.cdist(asked, flat).argmin(1)]
    assert (nearest == other.labels).float().mean() > 0.7


def test_they_are_a_set_of_pictures_like_others() -> None:
    data = load_pictures("glyphs", 8, 3)
    assert data.train.shape == (4000, 3, 8, 8)
    assert data.names == tuple(LETTERS)
    assert data.factor_names == ("style",)


def test_a_few_are_those_of_them_all() -> None:
    whole, few = draw_glyphs(50, 16, seed=2), draw_glyphs(50, 16, seed=2, rows=(41, 3, 7))
    for part in ("pictures", "labels", "styles"):
        assert torch.equal(getattr(few, part), getattr(whole, part)[[41, 3, 7]])
