"""What is dropped on the window is told apart by its names alone, and nothing is swallowed in silence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.drops import Drop, classify, takers
from engine.api.errors import DataError
from engine.api.lab import LabInfo
from engine.api.params import Dataset, Field
from engine.api.share import Experiment, share_string
from tests.app.samples import LABS

if TYPE_CHECKING:
    from pathlib import Path


READER = LabInfo(
    "sequences.letters", "Letters", "sequences", fields=(Field("data", "str", "a", Dataset("a", takes="text")),)
)


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def ids(drop: Drop) -> set[str]:
    return {info.id for info in takers(drop, (*LABS, READER))}


def test_pictures_alone_and_in_folders(tmp_path: Path) -> None:
    one, two = touch(tmp_path / "a.PNG"), touch(tmp_path / "b.jpeg")
    touch(tmp_path / "trip" / "day 1" / "c.webp")
    assert classify([one]) == Drop("pictures", (one,))
    assert classify([one, two, touch(tmp_path / "notes.docx")]) == Drop("pictures", (one, two))
    assert classify([tmp_path / "trip"]) == Drop("pictures", (tmp_path / "trip",))


def test_a_mesh(tmp_path: Path) -> None:
    mesh = touch(tmp_path / "bunny.OBJ")
    assert classify([mesh]) == Drop("mesh", (mesh,))
    assert ids(classify([mesh])) == {"surfaces.sdf"}


def test_a_run_by_its_folder_or_its_record(tmp_path: Path) -> None:
    record = touch(tmp_path / "2026-01-01_autoencoders.vae" / "run.json", "{}")
    touch(record.parent / "media" / "samples.png")
    assert classify([record.parent]) == Drop("run", (record.parent,))
    assert classify([record]) == Drop("run", (record.parent,))


def test_a_text_file_with_a_share_string(tmp_path: Path) -> None:
    text = share_string(Experiment("autoencoders.vae", {"beta": 4.0}, 3))
    assert classify([touch(tmp_path / "experiment.txt", text + "\n")]) == Drop("share", text=text)
    assert classify([touch(tmp_path / "poem.txt", "no such thing")]).kind == "text"


def test_packed_pictures_texts_and_tables(tmp_path: Path) -> None:
    packed = touch(tmp_path / "mnist" / "train-images-idx3-ubyte.gz")
    assert classify([packed]) == Drop("pictures", (packed,))
    assert classify([packed.parent]) == Drop("pictures", (packed.parent,))
    assert classify([touch(tmp_path / "cifar" / "data_batch_1").parent]).kind == "pictures"
    table, text = touch(tmp_path / "iris.CSV"), touch(tmp_path / "poem.txt")
    assert classify([text, table]) == Drop("table", (table,))
    assert classify([text]) == Drop("text", (text,))
    assert ids(classify([text])) == {"sequences.letters"}
    assert ids(classify([table])) == set()


def test_pictures_go_to_every_lab_that_takes_them(tmp_path: Path) -> None:
    picture = touch(tmp_path / "trip" / "a.png")
    assert ids(classify([picture])) == {"autoencoders.vae", "diffusion.ddpm", "convolution.kernels"}
    assert ids(classify([tmp_path / "trip"])) == {"autoencoders.vae", "diffusion.ddpm"}, "a file is not a folder"
    assert ids(classify([touch(tmp_path / "b.webp")])) == {"autoencoders.vae", "diffusion.ddpm"}


@pytest.mark.parametrize("name", ["talk.mp4", "table.xlsx", "README", "archive.tar.gz"])
def test_anything_else_is_answered_with_what_can_be_dropped(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as refusal:
        classify([touch(tmp_path / name)])
    for word in (name, "pictures", "mesh", ".obj", "run"):
        assert word in str(refusal.value)


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    touch(tmp_path / "letters" / "a.txt")
    with pytest.raises(DataError, match="“letters” holds no pictures"):
        classify([tmp_path / "letters"])
    with pytest.raises(DataError, match="not there any more"):
        classify([tmp_path / "gone.png"])
    with pytest.raises(DataError, match="Nothing usable"):
        classify([])


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    scan = os.scandir

    def locked(path: str | Path) -> object:
        if str(path) == str(folder):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(DataError, match=r"locked cannot be read \(Permission denied\)"):
        classify([folder])


def test_a_huge_folder_is_not_walked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def walk(top: object, onerror: object = None) -> object:
        for number in range(10_000):
            seen.append(number)
            yield str(top), [], [f"{number}-{index}.txt" for index in range(100)]

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(DataError):
        classify([tmp_path])
    assert len(seen) < 100


def test_pictures_that_lie_too_deep_do_not_count(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "b" / "c" / "d" / "e" / "deep.png")
    with pytest.raises(DataError):
        classify([tmp_path / "a"])


@given(some.binary(max_size=300))
def test_no_text_file_breaks_it(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("drops") / "dropped.txt"
    path.write_bytes(content)
    if content.strip().startswith(b"ps1:"):
        assert classify([path]).kind == "share"
    else:
        assert classify([path]).kind == "text"
