"""The command line without a window: labs, run, prove, doctor. Scripts rely on its words, shapes and exit statuses (0, 1, 2)."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from engine.api.errors import ParameterError, StudioError
from engine.api.params import Dataset, File, find_field, parse, to_json
from engine.api.records import new_run_folder, read_record
from engine.api.words import number, plural
from engine.run.checks import CheckContext, run_check
from engine.run.device import pick_device
from engine.run.discovery import lab_ids, load
from engine.run.doctor import as_json, as_text, examine
from engine.run.headless import Order, run_headless
from engine.run.listing import Parser, add_arguments, print_labs
from engine.run.ranks import Ranks
from engine.run.uncompiled import keep_compiler_out

if TYPE_CHECKING:
    from engine.api.lab import Lab
    from engine.api.messages import CheckRow


_SEEDS = 2**31 - 1


class _Places(Protocol):
    """Where the program keeps things; `main.py` decides."""

    @property
    def cache(self) -> Path: ...

    @property
    def runs(self) -> Path: ...


def main(
    argv: Sequence[str], places: _Places, ranks: Ranks | None = None, opengl: Callable[[], str] | None = None
) -> int:
    """Runs one command. Returns the exit status; bad input is one sentence on stderr and 2."""
    arguments = _parser().parse_args(argv)
    keep_compiler_out()
    torch.set_num_threads(
        max(1, min(4, (os.cpu_count() or 2) // 2))
    )  # more threads than free cores is far slower than one
    try:
        match arguments.command:
            case "labs":
                return print_labs(places.cache, arguments.json)
            case "run":
                return _run(arguments, places, ranks or Ranks())
            case "prove":
                return _prove(arguments)
            case _:
                return _doctor(arguments, opengl)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> Parser:
    parser = Parser(prog="main.py", description="Perception Studio without a window.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_arguments(commands.add_parser("labs", help="every lab: id, title, topic, source, parameters"))
    run = commands.add_parser("run", help="run a lab; writes its folder and result.json")
    run.add_argument("lab", metavar="LAB", help="topic.name, or the path of a lab's file")
    run.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter; may be repeated"
    )
    run.add_argument("--data", metavar="PATH", help="a folder of pictures or a file of your own, or a data set's name")
    run.add_argument("--steps", metavar="N", help="how many steps")
    run.add_argument("--seed", type=_seed, default=None, metavar="S", help="seed of all random numbers (default 0)")
    run.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where it computes")
    run.add_argument("--out", type=Path, metavar="DIR", help="the run's folder")
    run.add_argument("--resume", type=Path, metavar="DIR|FILE", help="go on from a run's folder or a snapshot")
    prove = commands.add_parser("prove", help="run the checks; exit 1 if one fails")
    prove.add_argument("labs", nargs="*", metavar="LAB")
    prove.add_argument("--json", action="store_true", help="as JSON")
    prove.add_argument("--seed", type=_seed, default=0, metavar="S")
    prove.add_argument("--device", default="auto", metavar="auto|cpu|cuda")
    doctor = commands.add_parser("doctor", help="what this machine has")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _seed(text: str) -> int:
    """A seed that every source of random numbers takes."""
    if not text.isdecimal() or int(text) > _SEEDS:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {_SEEDS}, not {text}")
    return int(text)


# run ----------------------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace, places: _Places, ranks: Ranks) -> int:
    lab = load(arguments.lab)
    if arguments.resume is not None and not arguments.resume.exists():
        raise StudioError(f"There is nothing to resume at {arguments.resume}.")
    values = _values(lab, arguments)
    pick_device(arguments.device, ranks.local_rank)
    in_place = arguments.resume is not None and arguments.resume.is_dir()
    seed = arguments.seed
    if seed is None:
        seed = read_record(arguments.resume).seed if in_place else 0
    if arguments.out is not None or in_place:
        return run_headless(Order(lab, values, seed, arguments.device, arguments.out, arguments.resume, ranks))
    out = new_run_folder(places.runs, lab.id) if ranks.rank == 0 else places.runs
    try:
        return run_headless(Order(lab, values, seed, arguments.device, out, arguments.resume, ranks))
    finally:
        if ranks.rank == 0:
            with contextlib.suppress(OSError):
                out.rmdir()  # nothing was written: the run was refused


def _values(lab: Lab, arguments: argparse.Namespace) -> dict[str, Any]:
    """The parameters that the command line sets, as JSON. Raises ParameterError."""
    values = {}
    for assignment in arguments.set:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, not “{assignment}”.")
        values[name] = to_json(parse(find_field(lab.fields, name), text))
    if arguments.steps is not None:
        values["steps"] = to_json(parse(find_field(lab.fields, "steps"), arguments.steps))
    if arguments.data is not None:
        values |= _data(lab, arguments.data)
    return values


def _data(lab: Lab, path: str) -> dict[str, Any]:
    """`--data` goes to the lab's data set, else to the first file it takes."""
    for entry in lab.fields:
        if isinstance(entry.control, Dataset):
            if path not in entry.control.names and not Path(path).exists():
                raise StudioError(
                    f"There is no folder {path}, and no data set of that name ({', '.join(entry.control.names)})."
                )
            return {entry.name: to_json(parse(entry, path))}
    for entry in lab.fields:
        if isinstance(entry.control, File):
            if not Path(path).is_file():
                raise StudioError(f"There is no file {path}.")
            return {entry.name: path}
    raise StudioError(f"The lab {lab.id} takes no data of your own.")


# prove ----------------------------------------------------------------------------------------------------


def _prove(arguments: argparse.Namespace) -> int:
    labs = [load(lab_id) for lab_id in (arguments.labs or lab_ids())]
    device = pick_device(arguments.device)
    rows: list[CheckRow] = []
    for lab in labs:
        for check in lab.checks:
            row = run_check(lab, check, CheckContext(lab, device, seed=arguments.seed))
            rows.append(row)
            if not arguments.json:
                print(_check_line(row), flush=True)
    failed = sum(not row.passed for row in rows)
    if arguments.json:
        print(json.dumps({"checks": [_finite(asdict(row)) for row in rows]}, ensure_ascii=False))
    else:
        print(
            f"{plural(len(rows), 'check')}, {failed} failed" if failed else f"{plural(len(rows), 'check')}, all passed"
        )
    return 1 if failed else 0


def _check_line(row: CheckRow) -> str:
    sign = {"equal": "=", "at most": "≤", "at least": "≥"}[row.relation]
    mark = "✓" if row.passed else "✗"
    outcome = row.error or f"measured {number(row.measured)}, {sign} {number(row.expected)} ± {number(row.tolerance)}"
    return f"{mark} {row.lab}: {row.title}: {outcome}  ({row.seconds:.1f} s)"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: a value that was not reached is null."""
    return {key: None if isinstance(value, float) and value != value else value for key, value in row.items()}


# doctor ----------------------------------------------------------------------------------------------------


def _doctor(arguments: argparse.Namespace, opengl: Callable[[], str] | None) -> int:
    report = examine(opengl)
    print(json.dumps(as_json(report), ensure_ascii=False) if arguments.json else as_text(report))
    return 0
