"""Texts to learn from: those that ship, and whatever file a person may choose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.errors import DataError
from engine.data import texts
from engine.data.sentences import write_sentences
from engine.data.texts import MOST_LETTERS, NAMES, RARE, as_data, load_text, read_text

STORY = "Ein schöner Tag – “wirklich”.\n" * 10


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_ships_is_plain_and_comes_back_from_its_numbers(name: str) -> None:
    data = load_text(name)
    assert data.text.isascii()
    assert data.decode(data.ids) == data.text
    assert data.letters == "".join(sorted(set(data.text)))
    assert len(data.text) > 10_000
    assert not data.unread


def test_sentences_are_of_the_asked_length_and_the_same_for_a_seed() -> None:
    assert len(write_sentences(5000, seed=1)) == 5000
    assert write_sentences(3000, seed=1) == write_sentences(5000, seed=1)[:3000]
    assert write_sentences(3000, seed=2) != write_sentences(3000, seed=1)


def test_sentences_keep_their_promises_across_any_distance() -> None:
    text = write_sentences(60_000, seed=3, depth=2)
    lines = text.splitlines()[:-1]
    assert all(line.count("(") == line.count(")") and line.count('"') % 2 == 0 for line in lines)
    flat = write_sentences(60_000, seed=3, depth=0)
    assert " that " not in flat
    assert not re.search(r"\b(boats|children|clocks) (waits|sings|leaves|sees|knows)\b", flat)
    assert not re.search(r"\bthe (?:\w+ )?(boat|child|clock) (wait|sing|leave|see|know)\b", flat)
    assert not re.search(r"(Ada|Mira) [^.]*, and then (he|it)\b", text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_of_any_common_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(STORY.replace("\n", "\r\n").encode(encoding))
    assert load_text(str(path)).text == STORY


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "is no text: save it as plain text"),
        (b"\x00" * 500, "is no text"),
        (b"short", "holds 5 letters; a text to learn from has at least 100"),
        (b"", "holds 0 letters"),
        (b"\xff\xfe", "holds 0 letters"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        load_text(str(path))


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no text or file “harbor”.*harbour"):
        load_text("harbor")
    with pytest.raises(DataError, match="is a folder; choose one text file in it"):
        load_text(str(tmp_path))
    with pytest.raises(DataError, match="cannot be read"):
        load_text("a\0b")


def test_of_a_long_file_the_beginning_is_read_and_the_person_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 301)
    path = tmp_path / "long.txt"
    path.write_text("aé" * 500, "utf-8")
    data = load_text(str(path))
    assert data.text == ("aé" * 500)[:201], "the letter that the cut goes through is left out"
    assert data.unread == "Of “long.txt”, only its first 201 letters are read."


def test_the_rarest_of_many_letters_become_one() -> None:
    many = "".join(chr(0x4E00 + index) * (400 - index) for index in range(300))
    data = as_data(many, "own")
    assert len(data.letters) == MOST_LETTERS
    assert data.text.count(RARE) == sum(400 - index for index in range(MOST_LETTERS - 1, 300))
    assert data.decode(data.encode("\u4e00?\u4e01")) == "\u4e00\u4e01"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(raw)
    try:
        text, cut = read_text(path)
    except DataError:
        return
    assert not cut
    assert "\r" not in text
