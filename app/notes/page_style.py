"""How a page of notes is set: sizes, spaces and colours laid over what Qt made of the Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)

from app.fonts import CODE
from app.theme import Colours, font

_HEADINGS = {1: (20, 4, 12), 2: (16, 20, 8), 3: (14, 16, 6), 4: (12, 20, 4)}
"""Level → size, space above, space below, in pixels at a body size of 14."""
_BODY = 14
LEADING = 0.42
"""The space between two lines of running text, in sizes of the text."""


@dataclass(frozen=True)
class PageStyle:
    """The colours of a page and the size of its text in pixels."""

    colours: Colours
    size: int = _BODY

    @property
    def text(self) -> str:
        """The colour of running text: a little quieter than a heading."""
        over, under = QColor(self.colours.text), QColor(self.colours.dim)
        shares = ((over.red(), under.red()), (over.green(), under.green()), (over.blue(), under.blue()))
        return QColor(*(round(0.7 * high + 0.3 * low) for high, low in shares)).name()


def style_page(document: QTextDocument, style: PageStyle) -> None:
    """Sets every block, table and list of a document that was just read from Markdown."""
    document.setDefaultFont(font(style.size))
    document.setIndentWidth(round(1.5 * style.size))
    _style_tables(document, style)
    block = document.begin()
    code: list[tuple[int, int]] = []
    while block.isValid():
        if _is_code(block):
            begins = code.pop()[0] if code and code[-1][1] == block.position() else block.position()
            code.append((begins, block.position() + block.length()))
        _style_block(block, style)
        block = block.next()
    for begins, ends in reversed(code):
        _frame_code(document, begins, ends, style)
    _close_gaps(document)


def _frame_code(document: QTextDocument, begins: int, ends: int, style: PageStyle) -> None:
    """Puts the lines of a code block on one raised ground."""
    cursor = QTextCursor(document)
    cursor.setPosition(begins)
    cursor.setPosition(ends - 1, QTextCursor.MoveMode.KeepAnchor)
    made = QTextFrameFormat()
    made.setBackground(QColor(style.colours.raised))
    made.setPadding(10)
    made.setBorder(0)
    made.setTopMargin(2)
    made.setBottomMargin(10)
    cursor.insertFrame(made)


def _close_gaps(document: QTextDocument) -> None:
    """Flattens the empty blocks that Qt keeps around every table and frame."""
    flat = QTextBlockFormat()
    flat.setLineHeight(1, int(QTextBlockFormat.LineHeightTypes.FixedHeight.value))
    flat.setTopMargin(0)
    flat.setBottomMargin(0)
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        if not block.text() and cursor.currentFrame() == document.rootFrame():
            cursor.mergeBlockFormat(flat)
        block = block.next()


def _style_block(block: QTextBlock, style: PageStyle) -> None:
    cursor = QTextCursor(block)
    level = block.blockFormat().headingLevel()
    is_code = block.blockFormat().hasProperty(
        QTextFormat.Property.BlockCodeLanguage
    ) or block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
    cursor.mergeBlockFormat(_block_format(block, level, is_code, style))
    for start, length, fmt in _runs(block):
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(_char_format(fmt, level, is_code, style))


def _is_code(block: QTextBlock) -> bool:
    fmt, names = block.blockFormat(), QTextFormat.Property
    return any(fmt.hasProperty(name) for name in (names.BlockCodeLanguage, names.BlockCodeFence)) or (
        fmt.nonBreakableLines()
    )


def _runs(block: QTextBlock) -> list[tuple[int, int, QTextCharFormat]]:
    runs = []
    run = block.begin()
    while not run.atEnd():
        fragment = run.fragment()
        runs.append((fragment.position(), fragment.length(), fragment.charFormat()))
        run += 1  # a C++ iterator, not a number
    return runs


def _block_format(block: QTextBlock, level: int, is_code: bool, style: PageStyle) -> QTextBlockFormat:
    made = QTextBlockFormat()
    scale = style.size / _BODY
    in_table = QTextCursor(block).currentTable() is not None
    if level:
        _, above, below = _HEADINGS.get(level, _HEADINGS[4])
        made.setTopMargin(above * scale if block.blockNumber() else 0)
        made.setBottomMargin(below * scale)
        return made
    ends = block.textList() is not None and (not block.next().isValid() or block.next().textList() is None)
    below = 0 if is_code or in_table else (4 if block.textList() is not None and not ends else 10)
    made.setTopMargin(0)
    made.setBottomMargin(below * scale)
    if is_code:
        made.setNonBreakableLines(False)
        made.setLeftMargin(0)
    distance = (0.2 if is_code else LEADING) * style.size
    made.setLineHeight(distance, int(QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value))
    if block.blockFormat().hasProperty(QTextFormat.Property.BlockQuoteLevel):
        made.setLeftMargin(16 * scale)
        made.setRightMargin(0)
    return made


def _char_format(fmt: QTextCharFormat, level: int, is_code: bool, style: PageStyle) -> QTextCharFormat:
    made = QTextCharFormat(fmt)
    made.clearProperty(QTextFormat.Property.FontSizeAdjustment)
    colours = style.colours
    colour = style.text
    size = style.size
    if level:
        size = round(_HEADINGS.get(level, _HEADINGS[4])[0] * style.size / _BODY)
        made.setFontWeight(QFont.Weight.DemiBold)
        colour = colours.dim if level >= 4 else colours.text
    elif fmt.fontWeight() > QFont.Weight.Medium:
        made.setFontWeight(QFont.Weight.DemiBold)
        colour = colours.text
    if is_code or fmt.fontFixedPitch():
        made.setFontFamilies([CODE])
        size = round(0.88 * size)
        colour = colours.text
    if fmt.isAnchor():
        colour = colours.accent
        made.setFontUnderline(False)
    made.setProperty(QTextFormat.Property.FontPixelSize, size)
    made.setForeground(QColor(colour))
    return made


def _style_tables(document: QTextDocument, style: PageStyle) -> None:
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _style_table(frame, style)


def _style_table(table: QTextTable, style: PageStyle) -> None:
    made = table.format()
    made.setBorder(1)
    made.setBorderCollapse(True)
    made.setBorderBrush(QBrush(QColor(style.colours.line)))
    made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    made.setCellPadding(5)
    made.setCellSpacing(0)
    made.setTopMargin(2)
    made.setBottomMargin(12)
    made.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    made.setAlignment(Qt.AlignmentFlag.AlignLeft)
    table.setFormat(made)
    for column in range(table.columns()):
        cell = table.cellAt(0, column)
        shade = cell.format()
        shade.setBackground(QColor(style.colours.raised))
        cell.setFormat(shade)
        below = table.cellAt(min(1, table.rows() - 1), column).firstCursorPosition().blockFormat().alignment()
        aligned = QTextBlockFormat()
        aligned.setAlignment(below)
        cell.firstCursorPosition().mergeBlockFormat(aligned)
