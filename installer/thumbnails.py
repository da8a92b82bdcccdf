"""Makes the pictures on the labs' cards (assets/thumbnails) from real runs: `python installer/thumbnails.py [LAB …]`.

Run it in the project's environment after a lab's views have changed. One row a lab: which view stands for it, after how many
steps, with which parameters.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "thumbnails"


@dataclass(frozen=True)
class Sitting:
    """How a lab is portrayed: the view, the steps before, parameters as NAME=VALUE."""

    lab: str
    view: str
    steps: int
    sets: tuple[str, ...] = ()


SITTINGS = (
    Sitting("neurons.perceptron", "plane", 40, ("data=separable",)),
    Sitting("neurons.playground", "network", 600, ("data=xor",)),
    Sitting("convolution.kernels", "output", 20_000),
    Sitting("autoencoders.vae", "samples", 2500),
    Sitting("adversarial.gan", "plane", 2500),
    Sitting("diffusion.ddpm", "film", 2000),
    Sitting("surfaces.sdf", "scene", 800),
)


def portray(sitting: Sitting) -> int:
    """Runs the lab and writes its picture. Returns the exit status of `main.py shot`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "main.py"), "shot", "--page", sitting.lab, "--thumbnail", sitting.view]
    command += ["--steps", str(sitting.steps), "--out", str(FOLDER / f"{sitting.lab}.png")]
    for text in sitting.sets:
        command += ["--set", text]
    return subprocess.run(command, check=False).returncode


def main(wanted: list[str]) -> int:
    """Portrays these labs, or all. Returns 0, or 1 if one failed."""
    known = {sitting.lab for sitting in SITTINGS}
    for lab in wanted:
        if lab not in known:
            print(f"{lab} has no row in installer/thumbnails.py; it has {', '.join(sorted(known))}", file=sys.stderr)
            return 2
    failed = [sitting.lab for sitting in SITTINGS if sitting.lab in (wanted or known) and portray(sitting) != 0]
    print("every picture is made" if not failed else f"no picture of {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
