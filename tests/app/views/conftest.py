from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.theme import dress, theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """The window's own look, dark."""
    dress(qapp, "dark")
    yield
    theme().set_mode("dark")
