"""Fuzzy finding, as editors do it: the letters of the query in order, best where they stand together and where words begin."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_JOINED, _START, _PLAIN = 11, 10, 1


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
    """The best of all ways: for each place of each letter, the best way to come there."""
    ways = {at: Match(_worth(text, at, -2), (at,)) for at in _places(text, word[0])}
    for letter in word[1:]:
        further: dict[int, Match] = {}
        for at in _places(text, letter):
            before = [
                Match(way.score + _worth(text, at, last), (*way.letters, at)) for last, way in ways.items() if last < at
            ]
            if before:
                further[at] = max(before, key=lambda way: way.score)
        ways = further
    return max(ways.values(), key=lambda way: way.score, default=None)


def _places(text: str, letter: str) -> list[int]:
    return [at for at, other in enumerate(text) if other == letter]


def _worth(text: str, at: int, last: int) -> float:
    if at == last + 1:
        return _JOINED
    return _START if at == 0 or not text[at - 1].isalnum() else _PLAIN
