"""From the command line to a window, or to a picture of one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.benches.table import BENCHES, topic_page
from engine.api.errors import StudioError
from engine.api.words import near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.places import Places
    from app.settings import Settings

TABS = ("controls", "notes", "code", "proof", "train", "capture", "edit", "film", "pose", "shape")
USAGE = """python main.py [--page PAGE] [PATH …]     opens the window; a PATH is taken as if dropped on it
python main.py labs|run|prove|doctor …    without a window; each has --help
python main.py shot --page PAGE --out FILE.png …    a picture of the window; has --help
"""


class UsageError(StudioError):
    """A command line that makes no sense; its text says what would."""


@dataclass(frozen=True)
class WindowOrder:
    """Open the window, with this page in front, and take these files as if dropped."""

    page: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShotOrder:
    """Make a picture of a page.

    `steps`: how many steps to train first (None: the page as it opens, and an untrained lab's views). `sets`: NAME=VALUE
    texts. `tab`: the tab of the lab's dock to show. `thumbnail`: the picture of a view for a card instead.
    """

    page: str
    out: Path
    size: tuple[int, int] = (1440, 900)
    steps: int | None = None
    theme: str = "dark"
    sets: tuple[str, ...] = ()
    data: str = ""
    seed: int = 0
    tab: str = ""
    thumbnail: str = ""


class Parser(argparse.ArgumentParser):
    """Bad input is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError with it."""
        raise UsageError(f"{self.prog}: {message}; see {self.prog} --help")


def read_order(argv: Sequence[str], headless: Sequence[str]) -> WindowOrder | ShotOrder | int:
    """What the command line asks for; an exit status if that is answered already. `headless`: the other commands."""
    try:
        if argv[:1] == ["shot"]:
            return _read_shot(argv[1:])
        return _read_window(argv, (*headless, "shot"))
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except SystemExit as leave:  # --help
        return int(leave.code or 0)


def carry_out(order: WindowOrder | ShotOrder, places: Places, settings: Settings) -> int:
    """Opens the window and waits until it is closed, or makes the picture. Returns the exit status."""
    if isinstance(order, ShotOrder):
        from app.shot import shoot

        return shoot(order, places)
    return open_window(order, places, settings)


def open_window(order: WindowOrder, places: Places, settings: Settings) -> int:
    """Opens the window and waits until it is closed."""
    from app.application import make_application
    from app.window import MainWindow
    from engine.api.catalogue import read_cached

    labs = read_cached(places.cache)
    if order.page and labs is not None:
        known = [
            "start",
            *(bench.id for bench in BENCHES),
            *dict.fromkeys(topic_page(info.topic) for info in labs),
            *(info.id for info in labs),
        ]
        if order.page not in known:
            sys.stderr.write(f"There is no page “{order.page}”{near(order.page, known)}\n")
            return 2
    application = make_application(settings.theme)
    window = MainWindow(places, order.files, order.page, settings)
    window.show()
    return int(application.exec())


def _read_window(argv: Sequence[str], commands: Sequence[str]) -> WindowOrder:
    if argv and not argv[0].startswith("-") and not Path(argv[0]).exists() and Path(argv[0]).name == argv[0]:
        raise UsageError(f"There is no command or file “{argv[0]}”{near(argv[0], commands)}")
    parser = Parser(prog="main.py", usage=USAGE)
    parser.add_argument("--page", default="", metavar="PAGE")
    parser.add_argument("files", nargs="*", metavar="PATH")
    read = parser.parse_args(argv)
    for name in read.files:
        if not Path(name).exists():
            raise UsageError(f"There is no file or folder {name}.")
    return WindowOrder(read.page, tuple(str(Path(name).absolute()) for name in read.files))


def _read_shot(argv: Sequence[str]) -> ShotOrder:
    parser = Parser(prog="main.py shot", description="A picture of the real window.")
    parser.add_argument("--page", required=True, help="start, a topic or a lab")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png", help="where the picture goes")
    parser.add_argument("--size", type=_size, default=(1440, 900), metavar="1440x900", help="of the window, in pixels")
    parser.add_argument("--steps", type=_count, metavar="N", help="train a lab for so many steps first")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark", help="dark or light")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter of the lab")
    parser.add_argument("--data", default="", metavar="PATH", help="the person's own pictures or file for the lab")
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of all random numbers")
    parser.add_argument("--tab", choices=TABS, default="", help="the dock's tab")
    parser.add_argument("--thumbnail", default="", metavar="VIEW", help="only this view, 480x300, for the lab's card")
    read = parser.parse_args(argv)
    return ShotOrder(
        read.page,
        read.out,
        read.size,
        read.steps,
        read.theme,
        tuple(read.set),
        read.data,
        read.seed,
        read.tab,
        read.thumbnail,
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 400 <= int(width) <= 7680 and 300 <= int(height) <= 4320):
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT in pixels, as 1440x900, not {text!r}")
    return int(width), int(height)


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {2**31 - 1}, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"a number of steps is a whole number, not {text!r}")
    return int(text)
