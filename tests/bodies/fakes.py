"""Model files of real size with random content, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from engine.bodies.layouts import Layout


def fake_arrays(layout: Layout, vertices: int, shapes: int = 10, seed: int = 0) -> dict[str, Any]:
    """What an official file of this layout holds, in its shapes and with numbers of about its size."""
    rng = np.random.default_rng(seed)
    joints = len(layout)
    weights = rng.random((vertices, joints)) ** 8
    regressor = rng.random((joints, vertices)) ** 20
    tree = np.stack([np.array(layout.parents) % 2**32, np.arange(joints)]).astype(np.uint32)
    return {
        "v_template": 0.5 * rng.normal(size=(vertices, 3)),
        "shapedirs": 0.02 * rng.normal(size=(vertices, 3, shapes)),
        "posedirs": 0.005 * rng.normal(size=(vertices, 3, 9 * (joints - 1))),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "weights": weights / weights.sum(1, keepdims=True),
        "f": rng.integers(0, vertices, (2 * vertices - 4, 3)).astype(np.uint32),
        "kintree_table": tree,
    }
