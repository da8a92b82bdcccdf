"""A picture of the real window, for the README, for the cards, and for looking at a change: `main.py shot`.

The window is opened as a person would see it, the lab trains its steps in a worker, every open view gets its frame, and the
picture is taken. It never hangs: where nothing moves for a while, it says so and gives up.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.benches.table import BENCHES, topic_page
from app.notify import Notice, notifier
from app.settings import Settings
from engine.api.catalogue import find_lab, read_labs
from engine.api.errors import ParameterError, StudioError
from engine.api.frames import view_of
from engine.api.params import Dataset, File, find_field, parse, to_json
from engine.api.share import Experiment
from engine.api.words import near

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPixmap

    from app.benches.table import BenchPage
    from app.launch import ShotOrder
    from app.places import Places
    from app.topics.page import LabPage
    from app.topics.view_grid import ViewGrid
    from app.window import MainWindow
    from engine.api.lab import LabInfo

STILL_SECONDS = 90.0
"""After so long without a step, a picture or a check, it gives up."""
_VIEWS_SECONDS = 12.0
_ASK_SECONDS = 0.5
_SETTLE_SECONDS = 0.6


def shoot(order: ShotOrder, places: Places) -> int:
    """Makes the picture. Returns the exit status: 0, 1 if the lab failed, 2 for an order that cannot be carried out."""
    try:
        info, experiment = _prepare(order, places)
    except StudioError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    from app.application import make_application
    from app.window import MainWindow

    make_application("light" if order.theme == "light" else "dark")
    settings = Settings(theme="light" if order.theme == "light" else "dark", reduce_motion=True)
    settings.layout["page"] = ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        if info is not None:
            places = replace(places, runs=Path(scratch))
        window = MainWindow(places, page=order.page, settings=settings)
        try:
            return Shot(order, window).take(info, experiment)
        finally:
            window.close()


class Shot:
    """The window of a picture, and what it still waits for."""

    def __init__(self, order: ShotOrder, window: MainWindow) -> None:
        self._order, self._window = order, window
        self._troubles: list[str] = []
        self._moved = time.monotonic()
        self._frames: dict[str, Any] = {}
        self._steps: dict[str, int] = {}

    def take(self, info: LabInfo | None, experiment: Experiment | None) -> int:
        """Opens the page, trains, waits, saves. Returns the exit status."""
        notifier().show_with(self._hear)
        self._window.resize(*self._order.size)
        self._window.show()
        try:
            self._wait(lambda: self._window.pages.name == self._order.page, "the page did not open")
            self._wait(lambda: self._window.host.about is not None, "the worker did not start")
            if info is not None and experiment is not None:
                self._run(self._window.pages.open_lab(info.id), experiment)
            if self._window.pages.bench is not None:
                self._show_bench(self._window.pages.bench)
            self._settle()
            if self._troubles:
                raise StudioError(" ".join(self._troubles))
            self._save()
        except StudioError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        return 0

    def _show_bench(self, bench: BenchPage) -> None:
        """A workbench with a file, and one of its tabs."""
        if self._order.data:
            bench.accept_drop([Path(self._order.data)])
        bench.show_tab(self._order.tab)
        self._wait(lambda: bench.settled, "the workbench does not open the file")

    # A lab ---------------------------------------------------------------------------------------------------

    def _run(self, page: LabPage, experiment: Experiment) -> None:
        page.open_experiment(experiment)
        tab = self._order.tab
        if tab:
            page.parts.side.show_tab(tab)
        page.conductor.added.connect(self._follow)
        for run in page.conductor.runs.values():
            self._follow(run)
        if not page.trains:
            self._explore_afresh(page)
        elif self._order.steps:
            self._train(page, self._order.steps)
        if self._order.steps or not page.trains:
            self._await_views(page)
        if tab == "proof":
            page.prove()
            page.conductor.check_row.connect(self._note)
            self._wait(lambda: not page.conductor.proving, "the checks did not end")

    def _train(self, page: LabPage, steps: int) -> None:
        """Exactly so many steps: the worker gets “hold” before its first one, then the number, at full speed."""
        page.conductor.speed(0.0)
        page.start()
        run = page.conductor.front
        if run is None or run.session is None:
            raise StudioError("The run did not start.")
        run.session.pause()
        run.session.step(steps)
        ends = ("exploring", "finished", "stopped", "failed")
        self._wait(lambda: (run.phase == "paused" and run.at >= steps) or run.phase in ends, "the run stands still")

    def _explore_afresh(self, page: LabPage) -> None:
        """A lab that only explores has begun by itself, with its defaults: pictures of those must not count."""
        before = page.conductor.front
        page.start()
        self._wait(lambda: page.conductor.front not in (None, before), "the lab did not start")
        self._frames.clear()
        self._steps.clear()

    def _await_views(self, page: LabPage) -> None:
        """Until each open view shows the step at which the run stands.

        One that has nothing to show does not hold up the picture for long. A worker draws as often as it has time for, so it
        is asked again while one is behind.
        """
        run, grid = page.conductor.front, page.parts.grid
        if run is None or run.session is None:
            raise StudioError("The run did not start.")
        self._wait(lambda: run.phase not in (None, "starting"), "the worker did not start")
        until = time.monotonic() + _VIEWS_SECONDS
        asked = 0.0

        def fresh() -> bool:
            nonlocal asked
            now = time.monotonic()
            behind = [
                name
                for name in grid.visible_views()
                if self._steps.get(name, -1) < run.at and not _is_chart(grid, name)
            ]
            if behind and now - asked > _ASK_SECONDS and run.session is not None:
                asked = now
                run.session.watch(())
                run.session.watch(grid.visible_views())
            return not behind or now > until

        self._wait(fresh, "the views stay empty")

    def _follow(self, run: Any) -> None:
        run.stood.connect(self._note)
        run.shown.connect(self._keep)

    def _keep(self, _run: Any, frame: Any, step: int) -> None:
        self._note()
        self._frames[frame.name] = frame
        self._steps[view_of(frame.name)] = step

    def _note(self, *_: object) -> None:
        self._moved = time.monotonic()

    def _hear(self, notice: Notice) -> None:
        if notice.kind == "error":
            self._troubles.append(notice.text)

    # Waiting, saving -----------------------------------------------------------------------------------------

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        """Lets the window live until `done`. Raises StudioError if something failed or nothing moves."""
        from PySide6.QtCore import QCoreApplication, QEventLoop

        self._note()
        while not done():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
            time.sleep(0.005)
            if self._troubles:
                raise StudioError(" ".join(self._troubles))
            if time.monotonic() - self._moved > STILL_SECONDS:
                raise StudioError(f"No picture was made: {what} for {STILL_SECONDS:.0f} seconds.")

    def _settle(self) -> None:
        """Until no picture has come for a moment, and the window has painted, scenes too."""
        from app.views.base import View

        begun, longest = time.monotonic(), 8 * _SETTLE_SECONDS
        self._moved = begun

        def quiet() -> bool:
            now = time.monotonic()
            still = now - self._moved > _SETTLE_SECONDS or now - begun > longest
            return (
                now - begun > _SETTLE_SECONDS
                and still
                and all(view.settled for view in self._window.findChildren(View))
            )

        self._wait(quiet, "the page does not come to rest")

    def _save(self) -> None:
        from PySide6.QtCore import QSaveFile

        view = self._order.thumbnail
        picture = self._card(view) if view else self._window.grab()
        file = QSaveFile(str(self._order.out))  # an older picture stays whole if this one is broken off
        if not (file.open(QSaveFile.OpenModeFlag.WriteOnly) and picture.save(file, "PNG") and file.commit()):
            raise StudioError(f"{self._order.out} could not be written.")

    def _card(self, view: str) -> QPixmap:
        from app.portrait import portray

        frames = [frame for name, frame in self._frames.items() if view_of(name) == view]
        if not frames:
            known = sorted({view_of(name) for name in self._frames})
            raise StudioError(f"No picture came for a view “{view}”{near(view, known)}")
        return portray(frames, self._window, self._settle)


def _is_chart(grid: ViewGrid, name: str) -> bool:
    """Whether a view is made of points, which come without being asked for."""
    from app.views.curves import CurvesView

    return isinstance(grid.panels[name].view, CurvesView)


def _prepare(order: ShotOrder, places: Places) -> tuple[LabInfo | None, Experiment | None]:
    """The lab of the order and what it starts with; checks everything that can be wrong. Raises StudioError."""
    _check_out(order.out)
    labs = read_labs(places.cache)
    working = [info.id for info in labs if not info.broken]
    pages = ["start", *(bench.id for bench in BENCHES), *dict.fromkeys(topic_page(info.topic) for info in labs)]
    bench = any(bench.id == order.page for bench in BENCHES)
    if order.page in pages:
        if order.steps or order.sets or order.thumbnail or (not bench and (order.data or order.tab)):
            raise StudioError(
                f"“{order.page}” is not a lab: --steps, --set, --data, --tab and --thumbnail are for labs."
            )
        return None, None
    if "." not in order.page:
        raise StudioError(f"There is no page “{order.page}”{near(order.page, [*pages, *working])}")
    info = find_lab(labs, order.page)
    params: dict[str, Any] = {}
    for text in order.sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, not {text}.")
        entry = find_field(info.fields, name)
        params[name] = to_json(parse(entry, value))
    return info, Experiment(info.id, params | _data(info, order.data), order.seed)


def _data(info: LabInfo, path: str) -> dict[str, Any]:
    """`--data` goes to the lab's data set, else to the first file that it takes, as on every other command line."""
    if not path:
        return {}
    for kind in (Dataset, File):
        for entry in info.fields:
            if isinstance(entry.control, kind):
                if path not in getattr(entry.control, "names", ()) and not Path(path).exists():
                    raise StudioError(f"There is no file or folder {path}.")
                return {entry.name: to_json(parse(entry, path))}
    raise StudioError(f"The lab {info.id} takes no data of your own.")


def _check_out(out: Path) -> None:
    """Raises StudioError if the picture could not be written there, before any work is done."""
    if out.suffix.lower() != ".png":
        raise StudioError(f"--out takes a name that ends with .png, not {out.name}.")
    if out.is_dir():
        raise StudioError(f"{out} is a folder; --out takes the picture's name.")
    try:
        with tempfile.TemporaryFile(dir=out.parent if str(out.parent) else None):
            pass
    except OSError as error:
        raise StudioError(
            f"{out.parent} cannot be written ({error.strerror}); choose another place with --out."
        ) from error
