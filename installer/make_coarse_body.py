"""Makes assets/bodies/coarse.npz: which vertices of the skin a coarse mesh keeps, and its faces. The same body gives the same bytes.

`python installer/make_coarse_body.py` after `installer/make_body.py`. Registration (engine.bodies.registration) bends the coarse mesh.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.bodies.files import SHIPPED  # the script runs from anywhere
from engine.bodies.registration import COARSE
from engine.data.npz import read_npz
from engine.geometry.simplify import simplify

VERTICES = 1500


def largest_piece(faces: np.ndarray, count: int) -> np.ndarray:
    """The faces of the skin, without eyes and teeth, which hang on nothing."""
    ends = faces[:, [0, 1]].T.ravel(), faces[:, [1, 2]].T.ravel()
    links = coo_array((np.ones(2 * len(faces)), ends), (count, count))
    piece = connected_components(links, directed=False)[1]
    return faces[piece[faces[:, 0]] == np.bincount(piece).argmax()]


def main() -> int:
    """Collapses the body's edges and writes what is left."""
    body = read_npz(SHIPPED / "body.npz", ("v_template", "f"))
    skin = largest_piece(body["f"].astype(np.int64), len(body["v_template"]))
    kept, faces = simplify(body["v_template"], skin, VERTICES)
    np.savez_compressed(COARSE, kept=kept.astype(np.uint16), faces=faces.astype(np.uint16))
    print(f"wrote {COARSE} ({len(kept)} vertices, {COARSE.stat().st_size / 1e3:.0f} kB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
