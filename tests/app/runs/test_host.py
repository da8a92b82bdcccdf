"""The worker processes of a window: what never ran is ended at once, so that closing never waits for an import."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from app.runs.host import Host

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def busy_importing(commands: Any, events: Any, threads: int) -> None:
    """A worker that does not look at its pipe yet."""
    time.sleep(60)


def test_a_spare_worker_that_never_ran_does_not_hold_up_the_close(qtbot: QtBot) -> None:
    host = Host(1, serve=busy_importing)
    host.prestart()
    begun = time.monotonic()
    host.close()
    assert time.monotonic() - begun < 2.0, "its patience would be four seconds"
    host.deleteLater()
