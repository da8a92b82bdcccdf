"""`main.py labs`: from the cache without torch, so that a script has the list in milliseconds; else by importing every lab."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from engine.api.catalogue import read_cached, write_cache
from engine.api.lab import LabInfo, info_to_json


class Parser(argparse.ArgumentParser):
    """Bad input is one line on stderr and exit 2."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong and what to do."""
        sys.stderr.write(f"{self.prog}: {message}; see {self.prog} --help\n")
        raise SystemExit(2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `labs` takes."""
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(argv: Sequence[str], cache: Path) -> int:
    """Prints every lab. Returns the exit status."""
    parser = Parser(prog="main.py labs", description="Every lab: id, title, topic, source, parameters.")
    add_arguments(parser)
    return print_labs(cache, parser.parse_args(argv).json)


def print_labs(cache: Path, as_json: bool) -> int:
    """Prints every lab, a line each or as JSON."""
    infos = read_labs(cache)
    if as_json:
        sys.stdout.write(json.dumps({"labs": [info_to_json(info) for info in infos]}, ensure_ascii=False) + "\n")
        return 0
    width = max((len(info.id) for info in infos), default=0)
    for info in infos:
        sys.stdout.write(_line(info, width) + "\n")
    return 0


def read_labs(cache: Path) -> tuple[LabInfo, ...]:
    """The labs as the cache has them, if it is of these very sources; else freshly imported, and kept."""
    infos = read_cached(cache)
    if infos is None:
        from engine.run.discovery import describe_all  # imports torch

        infos = describe_all()
        write_cache(cache, [info_to_json(info) for info in infos])
    return infos


def _line(info: LabInfo, width: int) -> str:
    if info.broken:
        return f"{info.id:<{width}}  does not load: {info.broken}"
    return f"{info.id:<{width}}  {info.title} — {info.source}"
