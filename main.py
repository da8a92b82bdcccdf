"""Perception Studio: `python main.py` opens the window; `run`, `prove`, `labs`, `doctor`, `splat`, `body` and `shot` need none.

The only place that reads or sets the environment: PERCEPTION_STUDIO_HOME (one folder for settings, data, cache and runs),
what `torchrun` sets for each process of a group, whether there is a screen, and the size at which Qt draws.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.places import Places

HEADLESS = ("labs", "run", "prove", "doctor", "splat", "body")


def main(argv: list[str]) -> int:
    """Does what the command line says. Returns the exit status."""
    from app.places import find_places

    places = find_places(os.environ.get("PERCEPTION_STUDIO_HOME"))
    if argv[:2] == ["splat", "view"]:
        return run_window(argv[2:], places)
    if watches_a_sequence(argv):
        return run_window(["--page", "bodies", *argv[2:]], places)
    if argv and argv[0] in HEADLESS:
        return run_headless(argv, places)
    return run_window(argv, places)


def watches_a_sequence(argv: list[str]) -> bool:
    """Whether `body play` is to show a sequence in the window: there is a screen, and nothing says where a film goes."""
    return argv[:2] == ["body", "play"] and len(argv) == 3 and not argv[2].startswith("-") and has_screen()


def run_headless(argv: list[str], places: Places) -> int:
    """The command line without a window, in the group of processes that `torchrun` made, if it did."""
    if argv[0] == "labs":
        from engine.run import listing  # without torch, while the list is cached

        return listing.main(argv[1:], places.cache)
    if argv[0] == "splat":
        from engine.run import cli_splat

        return cli_splat.main(argv[1:])
    if argv[0] == "body":
        from engine.run import cli_body

        return cli_body.main(argv[1:])
    from engine.run import cli
    from engine.run.ranks import Ranks

    rank, world, local = (os.environ.get(name) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    ranks = Ranks(int(rank), int(world), int(local or 0)) if rank and world else None
    return cli.main(argv, places, ranks, describe_opengl)


def describe_opengl() -> str:
    """OpenGL in words; Qt is loaded only when it is asked for."""
    if not has_screen():
        return "none (no screen)"
    from app.views.opengl import describe

    return describe()


def run_window(argv: list[str], places: Places) -> int:
    """The window, or a picture of it, which needs no screen."""
    from app import launch
    from app.settings import load_settings

    order = launch.read_order(argv, HEADLESS)
    if isinstance(order, int):
        return order
    settings = load_settings(places.config)
    if not has_screen():
        if isinstance(order, launch.WindowOrder):
            print(
                "There is no screen here; “main.py run LAB” trains without one (“main.py labs” lists them).",
                file=sys.stderr,
            )
            return 2
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if settings.scale != 100 and isinstance(order, launch.WindowOrder):
        os.environ.setdefault("QT_SCALE_FACTOR", str(settings.scale / 100))
    return launch.carry_out(order, places, settings)


def has_screen() -> bool:
    """Whether Qt will find a screen: only an X11 or Wayland system can lack one."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in names)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
