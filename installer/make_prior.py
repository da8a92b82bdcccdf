"""Makes assets/bodies/pose_prior.npz, the mixture of Gaussians over poses: `python installer/make_prior.py`. Same seed, same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.bodies.prior import FILE, fit_prior, generate_poses  # the script runs from anywhere


def main() -> int:
    """Generates poses, fits the mixture and writes it."""
    arrays = fit_prior(generate_poses(6000, np.random.default_rng(0)), components=8, seed=0)
    stored = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez_compressed(FILE, means=stored["means"], whiten=stored["whiten"], levels=stored["levels"])
    print(f"wrote {FILE} ({FILE.stat().st_size / 1e3:.0f} kB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
