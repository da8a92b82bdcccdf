"""COLMAP's points3D.txt out: the centres and their colours, without tracks, for programs that begin a training from points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.splats.files.packing import colours_of

if TYPE_CHECKING:
    from engine.splats.files.rows import Rows

_HEAD = "# 3D point list with one line of data per point:\n#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n"


def write_points(path: Path, rows: Rows) -> tuple[str, ...]:
    """Writes a line for each Gaussian; says what a point cannot hold."""
    tints = (colours_of(rows.sh[:, 0]).clip(0, 1) * 255 + 0.5).astype(np.uint8)
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(_HEAD)
        for number, (place, tint) in enumerate(zip(rows.means.tolist(), tints.tolist(), strict=True), 1):
            file.write(f"{number} {place[0]:.9g} {place[1]:.9g} {place[2]:.9g} {tint[0]} {tint[1]} {tint[2]} 0\n")
    return ("Points have no size, shape, opacity or view-dependent colour; these were left out.",)
