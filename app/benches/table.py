"""The workbenches: pages that are more than a lab. A new one is a package with a page, and a row here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtCore import SignalInstance
    from PySide6.QtGui import QAction

    from app.library import Library
    from app.places import Places
    from app.runs import Host
    from app.settings import Settings


@dataclass(frozen=True)
class Bench:
    """A workbench. `labs`: without these it cannot be opened."""

    id: str
    title: str
    summary: str
    icon: str
    labs: tuple[str, ...]


BENCHES = (
    Bench(
        "splats",
        "Splats",
        "From photos to a scene you can walk through, edit and give away",
        "cube-focus",
        ("radiance.viewer", "radiance.film"),
    ),
    Bench(
        "bodies",
        "Bodies",
        "Pose, shape and animate people, and give them to other programs",
        "person-simple",
        ("bodies.studio", "bodies.film"),
    ),
)


class BenchPage(Protocol):
    """What the window asks of a workbench's page, besides being a widget."""

    title_changed: SignalInstance
    status: SignalInstance
    running_changed: SignalInstance

    def actions(self) -> list[QAction]:
        """What can be done here."""

    def command(self) -> str:
        """The command line that does the same."""

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Takes files; whether it did."""

    def show_tab(self, name: str) -> None:
        """Brings a tab of its dock to the front."""

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited."""

    def close_session(self) -> None:
        """Ends what runs."""


def benches_of(library: Library) -> tuple[Bench, ...]:
    """The workbenches whose labs are there; all of them before the labs are read."""
    if not library.known:
        return BENCHES
    working = {info.id for info in library.labs if not info.broken}
    return tuple(bench for bench in BENCHES if set(bench.labs) <= working)


def find_bench(name: str) -> Bench | None:
    """The workbench of that name."""
    return next((bench for bench in BENCHES if bench.id == name), None)


def topic_page(topic: str) -> str:
    """The page of a topic's labs; where a workbench has the topic's own name, the page has another."""
    return f"{topic}-labs" if find_bench(topic) is not None else topic


def make_page(name: str, library: Library, host: Host, places: Places, settings: Settings) -> BenchPage:
    """A workbench's page, loaded when it is first opened. Raises KeyError for an unknown name."""
    if name == "splats":
        from app.benches.splats.page import SplatsPage

        return SplatsPage(library, host, places, settings)
    if name == "bodies":
        from app.benches.bodies.page import BodiesPage

        return BodiesPage(library, host, places, settings)
    raise KeyError(name)
