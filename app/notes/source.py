"""Takes apart a lab's notes before Qt reads them as Markdown: formulas, live numbers and references become marks.

Qt's Markdown knows nothing of `$…$`, and would read a `_` or `|` inside a formula as its own. So each formula and each
`{{name}}` leaves the text for a numbered mark in private-use characters, which Markdown passes through untouched, and
comes back as an inline object of the document (`app.notes.markdown`). Code keeps its dollars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BEGIN, END = "\ue000", "\ue001"
MARK = re.compile(f"{BEGIN}(\\d+){END}")


@dataclass(frozen=True)
class Maths:
    """A formula's LaTeX. A display has one row or more, each set on a line of its own in one box."""

    rows: tuple[str, ...]
    display: bool


@dataclass(frozen=True)
class Live:
    """A live number in the running text."""

    name: str


@dataclass(frozen=True)
class Prepared:
    """Markdown with marks, and what each mark stands for."""

    markdown: str
    pieces: tuple[Maths | Live, ...]


_FENCE = r"(?P<fence>^(?P<tick>[ ]{0,3}(?:```+|~~~+))[^\n]*\n(?:.*?^(?P=tick)[^\n]*$|.*\Z))"
_SPAN = r"(?P<span>(?<!`)(?P<run>`+)(?!`).+?(?<!`)(?P=run)(?!`))"
_DISPLAY = r"(?P<display>\$\$(?:[^$]|\\\$)+?\$\$(?:[ \t]*\n?[ \t]*\$\$(?:[^$]|\\\$)+?\$\$)*)"
_INLINE = r"(?P<inline>(?<![\\$])\$(?![\s$])(?:\\\$|[^$\n]|\n(?!\s*\n))+?(?<![\s\\])\$(?![\d$]))"
_LIVE = r"(?P<live>\{\{\s*(?P<name>[^\W\d][^{}]*?)\s*\}\})"
_LINK = r"(?P<link>\[[^\]\n]*\]\([^)\n]*\)|<https?://[^>\s]+>|https?://[^\s)>\]]+)"
_ARXIV = r"(?P<arxiv>\barXiv:\s?(?P<paper>\d{4}\.\d{4,5}(?:v\d+)?|[a-z\-]+(?:\.[A-Z]{2})?/\d{7}))"
_DOI = r"(?P<doi>\bdoi:\s?(?P<work>10\.\d{4,9}/[^\s,;)\]]*[^\s,;.)\]]))"
_TOKENS = re.compile("|".join((_FENCE, _SPAN, _DISPLAY, _INLINE, _LIVE, _LINK, _ARXIV, _DOI)), re.DOTALL | re.MULTILINE)


def prepare(text: str) -> Prepared:
    """Splits notes into Markdown and pieces. Text in which no formula closes is left as it is."""
    pieces: list[Maths | Live] = []

    def mark(piece: Maths | Live) -> str:
        pieces.append(piece)
        return f"{BEGIN}{len(pieces) - 1}{END}"

    def replace(token: re.Match[str]) -> str:
        whole = token[0]
        if token["display"]:
            rows = tuple(row.strip() for row in whole.split("$$")[1::2])
            return mark(Maths(rows, display=True)) if all(rows) else whole
        if token["inline"]:
            return mark(Maths((" ".join(whole[1:-1].split()),), display=False))
        if token["live"]:
            return mark(Live(token["name"]))
        if token["arxiv"]:
            return f"[{whole}](https://arxiv.org/abs/{token['paper']})"
        return f"[{whole}](https://doi.org/{token['work']})" if token["doi"] else whole

    cleaned = text.replace(BEGIN, "").replace(END, "")
    return Prepared(_TOKENS.sub(replace, cleaned), tuple(pieces))


def with_source(notes: str, source: str) -> str:
    """The notes with the lab's source at their end, unless they name their sources themselves."""
    if not source or re.search(r"^(#+\s*|\**)(sources?|references?)\b", notes, re.IGNORECASE | re.MULTILINE):
        return notes
    entries = [entry.strip() for entry in source.split(";") if entry.strip()]
    return notes.rstrip() + "\n\n#### Sources\n\n" + "\n".join(f"- {entry}" for entry in entries) + "\n"
