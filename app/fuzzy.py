"""Fuzzy finding, as editors do it: the letters of the query in order, best where words begin and where they stand together."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_START, _JOINED, _PLAIN = 10, 6, 1


@dataclass(frozen=True)
class Match:
    """How well a query fits (higher is better), and which letters of the text it used."""

    score: float
    letters: tuple[int, ...]


def match(query: str, text: str) -> Match | None:
    """The best way in which the words of `query` occur in `text`; None if one of them does not. An empty query fits all."""
    letters: set[int] = set()
    score = 0.0
    folded = _fold(text)
    for word in _fold(query).split():
        found = _match_word(word, folded)
        if found is None:
            return None
        score += found.score
        letters.update(found.letters)
    return Match(score - 0.02 * len(text), tuple(sorted(letters)))


def _fold(text: str) -> str:
    """Lower case without accents, letter for letter."""
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in text).lower()


def _match_word(word: str, text: str) -> Match | None:
    best: Match | None = None
    for start in (at for at, letter in enumerate(text) if letter == word[0]):
        found = _match_from(word, text, start)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _match_from(word: str, text: str, start: int) -> Match | None:
    """The word matched from `start` on: the next letter if it fits, else the next beginning of a word, else the first fit."""
    places: list[int] = []
    score = 0.0
    at = start
    for letter in word:
        if places and (places[-1] + 1 >= len(text) or text[places[-1] + 1] != letter):
            at = _next(text, letter, places[-1] + 1)
        elif places:
            at = places[-1] + 1
        if at < 0:
            return None
        score += _worth(text, at, places)
        places.append(at)
    return Match(score, tuple(places))


def _next(text: str, letter: str, after: int) -> int:
    begins = (at for at in range(after, len(text)) if text[at] == letter and _begins_word(text, at))
    return next(begins, text.find(letter, after))


def _worth(text: str, at: int, places: list[int]) -> float:
    if places and at == places[-1] + 1:
        return _JOINED
    return _START if _begins_word(text, at) else _PLAIN


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
