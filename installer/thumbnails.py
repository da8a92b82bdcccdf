"""Makes the pictures on the labs' cards (assets/thumbnails) from real runs: `python installer/thumbnails.py [LAB …]`.

Run it in the project's environment after a lab's views have changed. What stands on a card, each lab says itself:
`@lab(…, portrait=Portrait("samples", steps=2500))`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "thumbnails"
MAIN = [sys.executable, str(ROOT / "main.py")]


def portraits() -> dict[str, dict[str, Any]]:
    """What each lab wants on its card, by the lab's id; None for a lab that wants nothing."""
    listed = subprocess.run([*MAIN, "labs", "--json"], capture_output=True, check=True, text=True, encoding="utf-8")
    return {lab["id"]: lab["portrait"] for lab in json.loads(listed.stdout)["labs"]}


def command(lab: str, portrait: dict[str, Any], folder: Path = FOLDER) -> list[str]:
    """The call that runs the lab and writes its picture."""
    sets = [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in portrait["sets"].items()
    ]
    shot = [*MAIN, "shot", "--page", lab, "--thumbnail", portrait["view"], "--steps", str(portrait["steps"])]
    return [*shot, "--out", str(folder / f"{lab}.png"), *(part for text in sets for part in ("--set", text))]


def main(wanted: list[str]) -> int:
    """Portrays these labs, or all that declare a portrait. Returns 0, or 1 if one failed."""
    declared = {lab: portrait for lab, portrait in portraits().items() if portrait}
    for lab in wanted:
        if lab not in declared:
            print(f"{lab} declares no portrait=; {', '.join(sorted(declared))} do", file=sys.stderr)
            return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    chosen = {lab: portrait for lab, portrait in declared.items() if lab in (wanted or declared)}
    failed = [lab for lab, portrait in chosen.items() if subprocess.run(command(lab, portrait), check=False).returncode]
    print("every picture is made" if not failed else f"no picture of {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
