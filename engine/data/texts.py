"""One way to any text: a name that the program knows, or a path to a text file of the person's own.

Labs that read letter by letter call `load_text`, so that `--data FILE` and a dropped file work in each of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from engine.api.errors import DataError
from engine.api.words import near, plural
from engine.data.sentences import write_sentences

NAMES = ("harbour", "sentences")
"""A story that the project wrote itself (assets/texts), and endless sentences from a small grammar."""

MOST_BYTES = 4 * 1024**2
"""Of a longer file the beginning is read: more letters than a small network sees in an hour."""

MOST_LETTERS = 120
"""A text may use more, as Chinese does; the rarest then become one."""

SENTENCES = 60_000
FEWEST = 100
RARE = "\N{REPLACEMENT CHARACTER}"
_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "texts"


@dataclass(frozen=True)
class TextData:
    """A text as numbers.

    `ids` [N]: each letter's index in `letters`, which are sorted; `note` says in words what was read, `unread` (a sentence, for
    the person) that not all of it was.
    """

    text: str
    letters: str
    ids: Int[Tensor, "n"]
    note: str
    unread: str = ""

    def encode(self, text: str) -> Int[Tensor, "m"]:
        """The indices of a text's letters; those that this text does not know are left out."""
        return torch.tensor([found for letter in text if (found := self.letters.find(letter)) >= 0], dtype=torch.long)

    def decode(self, ids: Int[Tensor, "m"]) -> str:
        """The letters of these indices."""
        return "".join(self.letters[index] for index in ids.tolist())


def load_text(name_or_path: str, seed: int = 0) -> TextData:
    """The text of that name, or in the file at that path. `seed`: of the sentences.

    Raises DataError if there is neither, or if the file is no text, or has fewer than a hundred letters.
    """
    if name_or_path == "sentences":
        return as_data(write_sentences(SENTENCES, seed), name_or_path)
    if name_or_path in NAMES:
        return as_data((_FOLDER / f"{name_or_path}.txt").read_text("utf-8"), name_or_path)
    text, cut = read_text(Path(name_or_path).expanduser())
    return as_data(text, Path(name_or_path).name, cut)


def as_data(text: str, name: str, cut: bool = False) -> TextData:
    """A text as numbers, with at most `MOST_LETTERS` different letters. Raises DataError for one that is too short."""
    if len(text) < FEWEST:
        raise DataError(f"“{name}” holds {plural(len(text), 'letter')}; a text to learn from has at least {FEWEST}.")
    counts = Counter(text)
    unread = [f"only its first {len(text):,} letters are read"] if cut else []
    if len(counts) > MOST_LETTERS:
        rare = [letter for letter, _ in counts.most_common()[MOST_LETTERS - 1 :]]
        text = text.translate(dict.fromkeys(map(ord, rare), RARE))
        unread.append(f"its {len(rare):,} rarest letters are read as one")
    letters = "".join(sorted(set(text)))
    index = {letter: place for place, letter in enumerate(letters)}
    note = f"{len(text):,} letters, {len(letters)} of them different"
    ids = torch.tensor([index[letter] for letter in text])
    return TextData(text, letters, ids, note, f"Of “{name}”, {' and '.join(unread)}." if unread else "")


def read_text(path: Path) -> tuple[str, bool]:
    """The text in a file (UTF-8, UTF-16 with its mark, or Windows-1252), and whether its end was cut off.

    Lines end in one newline. Raises DataError with one sentence.
    """
    if path.is_dir():
        raise DataError(f"“{path.name}” is a folder; choose one text file in it.")
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError(f"There is no text or file “{path}”{near(str(path), NAMES)}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"“{path.name}” cannot be read; allow it, or choose another text.") from error
    text = _decoded(raw[:MOST_BYTES])
    if text is None:
        raise DataError(f"“{path.name}” is no text: save it as plain text (UTF-8), and choose that.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), len(raw) > MOST_BYTES


def _decoded(raw: bytes) -> str | None:
    """The text in these bytes, which may be cut inside a letter; None if they are none."""
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(raw) - 4:  # not merely cut inside its last letter
                continue
            text = raw[: error.start].decode(encoding)
        return text if _is_text(text) else None
    return None


def _is_text(text: str) -> bool:
    """Whether hardly any letter is a control character."""
    strange = sum(1 for letter in text[:100_000] if ord(letter) < 32 and letter not in "\n\r\t\f")
    return "\0" not in text and strange * 200 <= len(text[:100_000])
