r"""Breaks a formula that is wider than its column, as one would by hand: before a relation, else before a top-level sign.

What stands in braces, brackets, `\left … \right` or an environment is never torn. An `aligned` that does not fit gives
up its alignment and becomes rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.notes.typeset import Formula, live_names, typeset

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\{\{[^{}]*\}\}|.", re.DOTALL)
_BRACES = {"{": 1, "}": -1, r"\left": 1, r"\right": -1, r"\begin": 1, r"\end": -1}
_BRACKETS = _BRACES | {"(": 1, ")": -1, "[": 1, "]": -1, r"\{": 1, r"\}": -1}
_RELATIONS = frozenset(
    r"= < > := \le \leq \ge \geq \ne \neq \approx \sim \propto \equiv "
    r"\to \gets \leftarrow \rightarrow \Rightarrow \Longrightarrow \implies \iff".split()
)
_SIGNS = frozenset(("+", "-", r"\pm", r"\mp"))
_NO_OPERAND = _RELATIONS | _SIGNS | frozenset(("{", "(", "[", r"\{", "^", "_", ","))
_GAPS = frozenset((r"\quad", r"\qquad"))
_LEAD = re.compile(r"\\[A-Za-z]*(?:arrow|implies|iff|to)|\\(?:text|mathrm)\s*\{[^{}]*\}")
_INDENT = 1.5
_SMALLEST = 0.78
"""How much a row may shrink before it is broken inside its brackets."""
_ALIGNED = re.compile(r"\\begin\{(aligned|align\*?|split|gathered)\}(.*)\\end\{\1\}\Z", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """A line of a display: its formula, how far it is indented in pixels, and its scale (1 unless nothing else helped)."""

    formula: Formula
    indent: float = 0.0
    scale: float = 1.0

    @property
    def width(self) -> float:
        """From the left edge of the block to the end of the ink, in pixels."""
        return self.indent + (self.formula.left + self.formula.width) * self.scale


def fit(latex: str, size: float, width: float, ems: dict[str, float]) -> tuple[Row, ...]:
    """A display formula as rows no wider than `width`. `ems`: the width of each live number. Raises FormulaError."""
    whole = Row(_set(latex, size, ems))
    if whole.width <= width:
        return (whole,)
    aligned = _ALIGNED.match(latex.strip())
    lines = _split(aligned[2], frozenset((r"\\",)), drop=True) if aligned else _sentences(latex)
    rows: list[Row] = []
    for line in lines:
        text = line.replace("&", "") if aligned else line
        rows += _fill(_parts(text, size, width, ems), size, width, ems, bool(rows) and _begins_with_sign(text))
    return tuple(_shrunk(row, width) for row in rows)


def _set(latex: str, size: float, ems: dict[str, float]) -> Formula:
    return typeset(latex, size, True, rooms(latex, ems))


def rooms(latex: str, ems: dict[str, float]) -> tuple[float, ...]:
    """The widths of a formula's live numbers in em, in their order."""
    return tuple(ems[name] for name in live_names(latex))


def _fill(parts: list[str], size: float, width: float, ems: dict[str, float], continues: bool) -> list[Row]:
    """Puts as many parts on each row as it holds; a row that continues another is indented and begins with its sign.

    The parts are measured one by one and added up: setting every beginning of a row would take as many times as long.
    """
    texts = [""]
    used = _INDENT * size if continues else 0.0
    for part in parts:
        wide = _row(part, size, ems, continues=True).width - _INDENT * size
        if texts[-1] and used + wide > width:
            texts.append("")
            used = _INDENT * size
        texts[-1] += part
        used += wide
    return [_row(text, size, ems, continues or index > 0) for index, text in enumerate(texts)]


def _row(latex: str, size: float, ems: dict[str, float], continues: bool) -> Row:
    # The empty group makes the sign at the row's start a binary one, with its spaces.
    return Row(_set("{}" + latex, size, ems), _INDENT * size) if continues else Row(_set(latex, size, ems))


def _shrunk(row: Row, width: float) -> Row:
    if row.width <= width:
        return row
    room = max(width - row.indent, 20.0)
    return Row(row.formula, row.indent, room / (row.formula.left + row.formula.width))


def _parts(latex: str, size: float, width: float, ems: dict[str, float]) -> list[str]:
    """The pieces between which a row may break; inside brackets only where a piece would have to shrink too much."""
    parts = _split(latex, _RELATIONS | _SIGNS)
    if any(Row(_set(part, size, ems)).width * _SMALLEST > width for part in parts):
        return _split(latex, _RELATIONS | _SIGNS, _BRACES)
    return parts


def _split(latex: str, cuts: frozenset[str], nests: dict[str, int] | None = None, drop: bool = False) -> list[str]:
    """Cuts before each token of `cuts` at the outermost level, or with `drop` instead of it."""
    parts, level, operand = [""], 0, False
    nests = _BRACKETS if nests is None else nests
    for token in _TOKEN.findall(latex):
        level += nests.get(token, 0)
        if level == 0 and token in cuts and (operand or token not in _SIGNS) and parts[-1].strip():
            parts.append("")
        if level or not drop or token not in cuts:
            parts[-1] += token
        if not token.isspace():
            operand = token not in _NO_OPERAND
    return [part for part in parts if part.strip()] or [latex]


def _sentences(latex: str) -> list[str]:
    """The formulas between wide gaps; an arrow or words alone ("so that") go with what follows them."""
    joined: list[str] = []
    lead = ""
    for part in _split(latex, _GAPS, drop=True):
        if _LEAD.fullmatch(part.strip()):
            lead += part.strip() + r"\;\; "
        else:
            joined.append(lead + part)
            lead = ""
    return [*joined, lead] if lead else joined


def _begins_with_sign(latex: str) -> bool:
    first = _TOKEN.match(latex.lstrip())
    return first is not None and first[0] in _RELATIONS | _SIGNS
