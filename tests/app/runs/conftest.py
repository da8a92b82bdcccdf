from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.runs import Host
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def host(qtbot: QtBot) -> Iterator[Host]:
    made = Host(1, None, fake_worker.serve)
    yield made
    made.close()
