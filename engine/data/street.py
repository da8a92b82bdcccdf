"""The widest empty street between two classes: the hard-margin support vector machine, by scikit-learn.

A file of its own, because scikit-learn takes a second to import: it comes with the lab that needs it, before its first picture.
"""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float, Int  # shape checks read the annotations at run time
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC


def widest_street(points: Float[np.ndarray, "n d"], signs: Int[np.ndarray, "n"]) -> Float[np.ndarray, "e"] | None:
    """The hard-margin SVM: the middle of the widest empty street as (unit normal, offset) `[d + 1]`; None if nothing separates."""
    if len(set(signs.tolist())) < 2:
        return None
    # A penalty this large is a hard margin; data that no plane separates would keep the solver busy for ever without a limit.
    machine = SVC(kernel="linear", C=1e9, tol=1e-6, max_iter=100_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what came of it is looked at below
        machine.fit(points, signs)
    plane = np.append(machine.coef_[0], machine.intercept_[0])
    plane = plane / max(float(np.linalg.norm(plane[:-1])), 1e-12)
    return plane if (signs * (points @ plane[:-1] + plane[-1]) > 0).all() else None


def best_direction(inputs: Float[np.ndarray, "n d"], signs: Int[np.ndarray, "n"]) -> Float[np.ndarray, "d"] | None:
    """The unit vector u that maximises min yᵢ u·xᵢ: the widest street whose middle passes through the origin; None if there is none.

    It is the widest street between the points y x and their mirror images, which by symmetry has no offset.
    """
    if not len(signs):
        return None
    turned = signs[:, None] * inputs
    plane = widest_street(np.concatenate([turned, -turned]), np.repeat([1, -1], len(turned)))
    return None if plane is None else plane[:-1]
