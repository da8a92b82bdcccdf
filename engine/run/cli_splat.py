"""`main.py splat`: photos, a video or posed data to a scene of Gaussians; a scene to a film or to another format."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import torch

from engine.api.errors import StudioError
from engine.api.flights import Flight, flight_from_text
from engine.api.words import duration, number, plural
from engine.capture import events
from engine.capture.opening import open_capture
from engine.capture.order import Order
from engine.capture.work import threads_of
from engine.run.device import pick_device
from engine.run.listing import Parser
from engine.splats.exports import export_scene
from engine.splats.files.formats import read_scene
from engine.splats.film import pictures, turntable, write_film
from engine.splats.job import Job, Wish, begin
from engine.splats.strategies import STRATEGIES

if TYPE_CHECKING:
    from engine.splats.film import Progress as FilmProgress

_BAR = 24
_OFTEN, _SELDOM = 0.1, 10.0  # seconds between two lines on a terminal, and in a file
_LARGEST_SEED = 2**31 - 1
STEPS, MOST_STEPS = 7000, 30_000  # without a limit of time, and at most with one


def main(argv: Sequence[str]) -> int:
    """Runs one command. Returns the exit status: bad input is one sentence on stderr and 2, Ctrl+C is 130."""
    try:
        match argv[:1]:
            case ["render"]:
                return _render(_render_parser().parse_args(argv[1:]))
            case ["convert"]:
                return _convert(_convert_parser().parse_args(argv[1:]))
            case _:
                return _train(_train_parser().parse_args(argv))
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


# Words ----------------------------------------------------------------------------------------------------


def _train_parser() -> Parser:
    parser = Parser(
        prog="main.py splat",
        description="Photos to a scene of Gaussians.",
        epilog="Also: splat render SCENE …, splat convert A B, splat view SCENE; each has --help.",
    )
    parser.add_argument(
        "input", metavar="INPUT", type=Path, help="photos, a video, a COLMAP model or a transforms.json"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="the scene's folder")
    parser.add_argument("--steps", metavar="N", type=_whole, default=0, help=f"training steps (default {STEPS})")
    parser.add_argument(
        "--minutes",
        metavar="M",
        type=_positive,
        default=0.0,
        help="train for so long; its schedules fit themselves to it",
    )
    parser.add_argument(
        "--scale", metavar="S", type=_share, default=0.0, help="of the photos, 0 to 1 (default: 800 pixels)"
    )
    parser.add_argument("--strategy", choices=tuple(STRATEGIES), default="adc", help="how Gaussians are added")
    parser.add_argument("--budget", metavar="N", type=_whole, default=0, help="the most Gaussians there may be")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where it computes")
    parser.add_argument(
        "--every-nth-test", metavar="N", type=_count, default=8, help="photos held out (default each 8th; 0: none)"
    )
    parser.add_argument("--seed", metavar="S", type=_count, default=0, help="seed of all random numbers (default 0)")
    parser.add_argument("--resume", action="store_true", help="go on in DIR where it was broken off")
    return parser


def _render_parser() -> Parser:
    parser = Parser(prog="main.py splat render", description="A scene to a film.")
    parser.add_argument("scene", metavar="SCENE", type=Path)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--path", metavar="FILE", type=Path, help="a flight with key frames, as the window saves it")
    way.add_argument("--turntable", action="store_true", help="once around")
    parser.add_argument("--out", metavar="FILE.mp4", type=Path, required=True, help="or FILE.png for pictures")
    parser.add_argument("--size", metavar="WxH", type=_size, default=(1280, 720), help="pixels (default 1280x720)")
    parser.add_argument("--fps", metavar="N", type=_whole, default=30, help="pictures a second (default 30)")
    parser.add_argument("--seconds", metavar="S", type=_positive, default=8.0, help="of a turntable (default 8)")
    return parser


def _convert_parser() -> Parser:
    parser = Parser(
        prog="main.py splat convert", description="A scene to another format; the name's ending says which."
    )
    parser.add_argument("first", metavar="A", type=Path)
    parser.add_argument("second", metavar="B", type=Path)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > _LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"a whole number from 0 is wanted, not {text}")
    return int(text)


def _whole(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError("a whole number from 1 is wanted, not 0")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 is wanted, not {text}")
    return value


def _share(text: str) -> float:
    if _positive(text) > 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 is wanted, not {text}")
    return float(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"a size is like 1280x720, not {text}")
    return int(width), int(height)


# Photos to a scene ----------------------------------------------------------------------------------------


def _train(arguments: argparse.Namespace) -> int:
    source = str(arguments.input.resolve())
    wish = Wish(
        source,
        arguments.steps or (MOST_STEPS if arguments.minutes else STEPS),
        arguments.minutes,
        arguments.scale,
        arguments.strategy,
        arguments.budget,
        arguments.every_nth_test,
        arguments.seed,
    )
    device = pick_device(arguments.device)
    threads = threads_of()
    torch.set_num_threads(max(1, threads))
    wish = begin(arguments.out, wish, arguments.resume)
    line = _Line(sys.stderr)
    order = Order(Path(source), arguments.out.resolve() / "capture", threads=threads, seed=wish.seed)
    opened = open_capture(order, line.hear)
    assert opened is not None
    job = Job(arguments.out, wish, opened, device)
    line.say(job.plan.words)
    if arguments.resume:
        job.resume()
        line.say(f"Going on after {plural(job.done, 'step')}.")
    if not _trained(job, line):
        line.say(f"Stopped after {plural(job.done, 'step')}; go on with --resume.")
        return 130
    metrics = job.finish()
    if job.unsaved:
        line.say(job.unsaved)
    measured = "" if metrics["psnr"] is None else f", {metrics['psnr']:.2f} dB and SSIM {metrics['ssim']:.3f} held out"
    line.say(
        f"{plural(metrics['gaussians'], 'Gaussian')} after {plural(job.done, 'step')} in {duration(job.seconds)}{measured}; "
        f"the scene is {arguments.out / 'scene.ply'}"
    )
    return 0


def _trained(job: Job, line: _Line) -> bool:
    """Trains to the end; False if Ctrl+C came, after which this moment is kept."""
    with _Interrupt() as interrupt:
        for moment in job.train():
            left = moment.seconds / moment.done * (moment.total - moment.done)
            line.show(
                moment.done / moment.total,
                f"step {moment.done:,} of {moment.total:,}  {plural(moment.gaussians, 'Gaussian')}  "
                f"loss {number(moment.loss)}  {duration(left)} left",
            )
            if interrupt.came:
                job.save()
                if job.unsaved:
                    line.say(job.unsaved)
                return False
    return True


class _Interrupt:
    """Ctrl+C is noted; a second one ends at once."""

    came = False

    def __enter__(self) -> _Interrupt:
        self._before: Any = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True


class _Line:
    """One line on stderr, drawn over and over on a terminal, a new one now and then in a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live = stream, stream.isatty()
        self._next = 0.0

    def hear(self, event: events.Event) -> None:
        """What a capture tells."""
        if isinstance(event, events.Told):
            self.say(event.sentence)
        elif isinstance(event, events.Progress) and event.total:
            left = "" if math.isnan(event.left) else f"  {duration(event.left)} left"
            self.show(event.done / event.total, f"{event.stage.value}: {event.done:,} of {event.total:,}{left}")

    def show(self, share: float, text: str) -> None:
        """A bar and a text, if it is time for one."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (_OFTEN if self._live else _SELDOM)
        done = round(_BAR * share)
        line = f"[{'█' * done}{'·' * (_BAR - done)}] {text}"
        self._stream.write(f"\r\x1b[K{line}" if self._live else line + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A whole line, which stays."""
        self._stream.write(f"\r\x1b[K{text}\n" if self._live else text + "\n")
        self._stream.flush()


# Films and formats ----------------------------------------------------------------------------------------


def _render(arguments: argparse.Namespace) -> int:
    scene = read_scene(arguments.scene).gaussians
    flight = turntable(scene, arguments.seconds) if arguments.turntable else _flight(arguments.path)
    width, height = (side - side % 2 for side in arguments.size)
    count = max(1, round(flight.seconds * arguments.fps))
    line = _Line(sys.stderr)

    def told(progress: FilmProgress) -> bool:
        line.show(
            progress.frame / progress.total,
            f"picture {progress.frame} of {progress.total}  {duration(progress.left)} left",
        )
        return True

    write_film(arguments.out, pictures(scene, flight, count, width, height), count, arguments.fps, told)
    line.say(f"{plural(count, 'picture')} in {arguments.out}")
    return 0


def _flight(path: Path) -> Flight:
    try:
        flight = flight_from_text(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"The path {path} cannot be read; save one in the window, or use --turntable.") from error
    if flight is None:
        raise StudioError(f"The path {path} is empty; save one in the window, or use --turntable.")
    return flight


def _convert(arguments: argparse.Namespace) -> int:
    loaded = read_scene(arguments.first)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    print(export_scene(arguments.second, loaded.gaussians).words(), file=sys.stderr)
    return 0
