"""Endless plain English from a small grammar, for networks that read one letter at a time.

It is made so that memory pays: a verb agrees with a subject that a clause may separate from it ("the boats that the keeper saw
leave"), a bracket or a quotation that opens is closed, and a name is taken up again later by "he", "she" or "it". How far apart
the two ends are is set by `depth`.
"""

from __future__ import annotations

import numpy as np

_NAMES = (("Ada", "she"), ("Tom", "he"), ("Mira", "she"), ("Emil", "he"), ("the old dog", "it"))
_ONE = ("keeper", "painter", "boat", "child", "clock", "gull", "baker", "teacher", "lamp", "horse")
_MANY = ("keepers", "painters", "boats", "children", "clocks", "gulls", "bakers", "teachers", "lamps", "horses")
_ALONE = (
    ("waits", "wait"),
    ("sings", "sing"),
    ("leaves", "leave"),
    ("sleeps", "sleep"),
    ("turns", "turn"),
    ("shines", "shine"),
)
_WITH = (
    ("sees", "see"),
    ("follows", "follow"),
    ("helps", "help"),
    ("paints", "paint"),
    ("knows", "know"),
    ("finds", "find"),
)
_KINDS = ("", "", "", "old ", "small ", "grey ", "quiet ", "bright ", "patient ")
_PLACES = ("", "", " in the harbour", " near the wall", " under the tree", " at the window", " behind the school")
_TIMES = ("", "", "", "at noon ", "in the morning ", "every evening ", "after the storm ")


def write_sentences(letters: int, seed: int = 0, depth: int = 2) -> str:
    """Text of exactly so many letters. `depth`: how many clauses may stand inside one another; 0 is none."""
    rng = np.random.default_rng(seed)
    parts: list[str] = []
    length = 0
    while length < letters:
        paragraph = " ".join(_sentence(rng, depth) for _ in range(rng.integers(3, 7))) + "\n"
        parts.append(paragraph)
        length += len(paragraph)
    return "".join(parts)[:letters]


def _one_of(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[rng.integers(len(options))]


def _sentence(rng: np.random.Generator, depth: int) -> str:
    kind = rng.integers(6)
    if kind == 0:
        name, pronoun = _NAMES[rng.integers(len(_NAMES))]
        later = _verb(rng, many=False, depth=0)
        text = f"{name} {_verb(rng, many=False, depth=depth)}, and then {pronoun} {later}"
    elif kind == 1:
        text = f"{_clause(rng, depth)} ({_clause(rng, 0)})"
    elif kind == 2:
        name, _ = _NAMES[rng.integers(len(_NAMES) - 1)]
        return f'{name} says: "{_capital(_clause(rng, depth))}."'
    else:
        text = _one_of(rng, _TIMES) + _clause(rng, depth)
    return _capital(text) + "."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _clause(rng: np.random.Generator, depth: int) -> str:
    """A subject and what it does; the verb is of the subject's number, however far away that stands."""
    many = bool(rng.integers(2))
    return f"{_subject(rng, many, depth)} {_verb(rng, many, depth)}{_one_of(rng, _PLACES)}"


def _subject(rng: np.random.Generator, many: bool, depth: int) -> str:
    noun = f"the {_one_of(rng, _KINDS)}{_one_of(rng, _MANY if many else _ONE)}"
    if depth == 0 or rng.random() < 0.6:
        return noun
    if rng.random() < 0.5:
        return f"{noun} that {_verb(rng, many, depth - 1)}"
    others = bool(rng.integers(2))
    return f"{noun} that {_subject(rng, others, depth - 1)} {_WITH[rng.integers(len(_WITH))][others]}"


def _verb(rng: np.random.Generator, many: bool, depth: int) -> str:
    if rng.random() < 0.5:
        return _ALONE[rng.integers(len(_ALONE))][many]
    thing = _subject(rng, bool(rng.integers(2)), max(0, depth - 1))
    return f"{_WITH[rng.integers(len(_WITH))][many]} {thing}"
