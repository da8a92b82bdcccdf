"""Markdown with `$…$` and `$$…$$` mathematics and `{{name}}` live numbers, into a QTextDocument.

    numbers = LiveNumbers()
    render_markdown(document, text, numbers)
    if numbers.update({"loss/kl": 6.91}): lay_out_again(document)   # else repaint

A formula that cannot be set is shown as code, and logged; nothing here raises for what a text holds.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from functools import cache

from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from app.fonts import CODE
from app.notes.numbers import LiveNumbers
from app.notes.objects import InlineObjects, Place, display_room, formula_size, usual_rooms
from app.notes.page_style import PageStyle, style_page
from app.notes.source import MARK, Live, Maths, Prepared, prepare
from app.notes.typeset import MODULES, FormulaError, load, typeset
from app.notes.wrap import fit, rooms
from app.theme import theme

_log = logging.getLogger(__name__)
_OBJECT = "\ufffc"
_STICKS = re.compile(r"[.,;:!?)\]’”…%]+|-\w+")
"""What must not begin a line: punctuation after a formula, and the "-th" of an ordinal."""


def render_markdown(document: QTextDocument, text: str, numbers: LiveNumbers | None = None, size: int = 14) -> None:
    """Fills the document. `numbers` supplies the live numbers; `size` is that of running text in pixels."""
    prepared = prepare(text)
    style = PageStyle(theme().colours, size)
    for old in document.findChildren(InlineObjects):
        old.deleteLater()
    objects = InlineObjects(document, numbers or LiveNumbers())
    document.setUndoRedoEnabled(False)
    features = QTextDocument.MarkdownFeature
    document.setMarkdown(prepared.markdown, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
    style_page(document, style)
    _place_pieces(document, prepared, objects, style)


def preparation(text: str, width: float, size: int = 14) -> Iterator[None]:
    """Does what takes long in rendering a text, some milliseconds at a time: loads the typesetter, sets each formula.

    `width`: that of the document in pixels, so that displays are broken to fit it.
    """
    pieces = [piece for piece in prepare(text).pieces if isinstance(piece, Maths)]
    if pieces:
        for name in MODULES:
            load(name)
            yield
    for piece in pieces:
        for row in piece.rows:
            with contextlib.suppress(FormulaError):
                typeset(row, formula_size(size, piece.display), piece.display, rooms(row, usual_rooms(row)))
                yield
                if piece.display:
                    fit(row, formula_size(size, display=True), display_room(width), usual_rooms(row))
            yield


def lay_out_again(document: QTextDocument) -> None:
    """Measures every object anew."""
    document.markContentsDirty(0, document.characterCount())


def plain_text(cursor: QTextCursor) -> str:
    """What a cursor selects, as text: a formula as its LaTeX in dollars, a live number as it stands."""
    objects = cursor.document().findChild(InlineObjects)
    at = QTextCursor(cursor.document())
    words = []
    for sign, position in _signs(cursor):
        at.setPosition(position + 1)
        place = objects.place_of(at.charFormat()) if objects is not None and sign == _OBJECT else None
        words.append(objects.text_of(place) if objects is not None and place is not None else sign)
    return "".join(words).replace("\u2029", "\n").replace("\u2028", "\n")


def _signs(cursor: QTextCursor) -> Iterator[tuple[str, int]]:
    position = cursor.selectionStart()
    for sign in cursor.selectedText():
        yield sign, position
        position += _utf16(sign)


def _place_pieces(document: QTextDocument, prepared: Prepared, objects: InlineObjects, style: PageStyle) -> None:
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    while block.isValid():
        marks = list(MARK.finditer(block.text()))
        for mark in reversed(marks):  # from the end, so that the places before stay where they are
            start = block.position() + _utf16(block.text()[: mark.start()])
            cursor.setPosition(start)
            cursor.setPosition(start + _utf16(mark[0]), QTextCursor.MoveMode.KeepAnchor)
            _place(cursor, prepared.pieces[int(mark[1])], objects, style)
        block = block.next()
    cursor.endEditBlock()


def _utf16(text: str) -> int:
    """The length of a text as Qt counts it."""
    return len(text.encode("utf-16-le")) // 2


def _place(cursor: QTextCursor, piece: Maths | Live, objects: InlineObjects, style: PageStyle) -> None:
    """Puts an object in the place of the selected mark."""
    around = QTextCharFormat(cursor.charFormat())
    size = around.intProperty(QTextFormat.Property.FontPixelSize) or style.size
    if isinstance(piece, Maths) and not _can_be_set(piece, size):
        cursor.insertText("  ".join(piece.rows), _as_code(around, style))
        return
    if isinstance(piece, Maths) and piece.display:
        _stand_alone(cursor)
        cursor.insertText(_OBJECT, objects.format(Place(piece, size, style.colours.text)))
        return
    suffix = _take_suffix(cursor)
    colour = around.foreground().color().name()
    made = objects.format(Place(piece, size, colour, suffix))
    if around.isAnchor():
        made.setAnchor(True)
        made.setAnchorHref(around.anchorHref())
    cursor.insertText(_OBJECT, made)


def _can_be_set(piece: Maths, size: float) -> bool:
    try:
        for row in piece.rows:
            typeset(row, formula_size(size, piece.display), piece.display, rooms(row, usual_rooms(row)))
    except FormulaError as error:
        _report("  ".join(piece.rows), str(error))
        return False
    return True


@cache
def _report(latex: str, reason: str) -> None:
    """Logs a broken formula, once."""
    _log.warning("a formula of the notes cannot be set (%s): %s", reason, latex)


def _as_code(around: QTextCharFormat, style: PageStyle) -> QTextCharFormat:
    made = QTextCharFormat(around)
    made.setFontFamilies([CODE])
    made.setForeground(QColor(style.colours.text))
    made.setBackground(QColor(style.colours.raised))
    return made


def _stand_alone(cursor: QTextCursor) -> None:
    """Leaves the selected mark out and the cursor in a block of its own, with no bullet, between what stood around it."""
    cursor.removeSelectedText()
    if cursor.block().text()[cursor.positionInBlock() :].strip():
        fmt, char = cursor.blockFormat(), cursor.charFormat()
        cursor.insertBlock(fmt, char)
        _drop_bullet(cursor)
        cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
    if cursor.block().text()[: cursor.positionInBlock()].strip():
        cursor.insertBlock(cursor.blockFormat(), cursor.charFormat())
        _drop_bullet(cursor)
    room = QTextBlockFormat()
    room.setTopMargin(2)
    room.setBottomMargin(10)
    cursor.mergeBlockFormat(room)


def _drop_bullet(cursor: QTextCursor) -> None:
    """Takes a block out of its list, and keeps its indent."""
    if cursor.block().textList() is None:
        return
    found = cursor.currentList()
    indent = found.format().indent()
    found.remove(cursor.block())
    fmt = cursor.blockFormat()
    fmt.setIndent(indent)
    cursor.setBlockFormat(fmt)


def _take_suffix(cursor: QTextCursor) -> str:
    """Widens the selection over what must not part from the mark, and returns that text."""
    rest = cursor.block().text()[cursor.selectionEnd() - cursor.block().position() :]
    found = _STICKS.match(rest)
    if not found:
        return ""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    cursor.setPosition(start)
    cursor.setPosition(end + len(found[0]), QTextCursor.MoveMode.KeepAnchor)
    return found[0]
