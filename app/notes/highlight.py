"""Python source in the colours of the theme: Pygments names the tokens, this table names their colours."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import theme

if TYPE_CHECKING:
    from app.theme import Colours

Span = tuple[int, int, str]
"""Start, length (in UTF-16 units) and role of a run of text in a line."""

_ROLES = {
    "Comment": "comment",
    "Literal.String.Doc": "comment",
    "Literal.String": "string",
    "Literal.Number": "number",
    "Keyword.Constant": "number",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Name.Decorator": "decorator",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Builtin.Pseudo": "number",
    "Name.Builtin": "builtin",
}
"""From a Pygments token to a role; the longest entry that begins a token's name decides."""


def spans_of(source: str) -> list[list[Span]]:
    """The coloured runs of each line of Python source."""
    lexer = importlib.import_module("pygments.lexers.python").PythonLexer(stripnl=False, ensurenl=False)
    lines: list[list[Span]] = [[]]
    column = 0
    for token, text in lexer.get_tokens(source):
        role = _role(str(token).removeprefix("Token."))
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append([])
                column = 0
            length = len(part.encode("utf-16-le")) // 2
            if role and length:
                lines[-1].append((column, length, role))
            column += length
    return lines


def _role(token: str) -> str:
    while token:
        if token in _ROLES:
            return _ROLES[token]
        token = token.rpartition(".")[0]
    return ""


def role_colour(role: str, colours: Colours) -> QColor:
    """The colour of a role; the series colours are told apart by the colour-blind, so code uses them too."""
    blue, orange, green, pink = colours.series[:4]
    table = {
        "comment": colours.faint,
        "string": green,
        "number": orange,
        "keyword": pink,
        "decorator": orange,
        "name": colours.accent,
        "builtin": blue,
    }
    return QColor(table[role])


class PythonHighlighter(QSyntaxHighlighter):
    """Colours a document whose text never changes after `set_source`."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: list[list[Span]] = []
        theme().changed.connect(self.rehighlight)

    def set_source(self, source: str) -> None:
        """Reads the tokens of the text that the document now has."""
        self._lines = spans_of(source)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colours one line."""
        number = self.currentBlock().blockNumber()
        if number >= len(self._lines):
            return
        colours = theme().colours
        for start, length, role in self._lines[number]:
            made = QTextCharFormat()
            made.setForeground(role_colour(role, colours))
            if role == "name":
                made.setFontWeight(QFont.Weight.Bold)
            self.setFormat(start, length, made)
