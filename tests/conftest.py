"""What every test has: folders of its own, the window's look, and a guard against whatever is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.leaks import leaks, standing, watch_starts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    from app.places import find_places

    return find_places(str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set up before every other fixture, so it looks after they have cleared up."""
    with monkeypatch.context() as patch:
        qt = watch_starts(patch)
        before = standing()
        yield
        found = leaks(before, qt)
    if found:
        pytest.fail("left behind: " + "\n".join(found), pytrace=False)
