"""Fewer triangles, by collapsing edges onto vertices that stay (Garland & Heckbert 1997, quadric error metrics).

A vertex moves onto its neighbour, never to a new place, so that whatever is known of the old vertices (blend shapes, weights) is known
of the ones that are kept.
"""

from __future__ import annotations

import heapq

import numpy as np
from jaxtyping import Float, Int


def simplify(
    vertices: Float[np.ndarray, "v 3"],
    faces: Int[np.ndarray, "f 3"],
    count: int,
    importance: Float[np.ndarray, " v"] | None = None,
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, "g 3"]]:
    """Collapses the cheapest edges until `count` vertices are left, or no edge can go without folding the surface.

    Args:
        vertices: metres.
        faces: indices into them; a closed surface stays closed.
        count: how many vertices should stay.
        importance: scales the error around each vertex; 1 where there is none.

    Returns:
        The indices of the vertices that stay, ascending, and the faces as indices into that list.
    """
    return _Collapse(vertices, faces, importance).run(count)


class _Collapse:
    """The mesh while it shrinks: triangles by vertex, a quadric for each vertex, and a heap of the edges' costs."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, importance: np.ndarray | None) -> None:
        self.points = np.asarray(vertices, np.float64)
        self.faces = [list(map(int, face)) for face in faces]
        self.around: list[set[int]] = [set() for _ in self.points]
        for index, face in enumerate(self.faces):
            for vertex in face:
                self.around[vertex].add(index)
        self.quadrics = self._quadrics(np.asarray(faces), importance)
        self.changed = [0] * len(self.points)

    def _quadrics(self, faces: np.ndarray, importance: np.ndarray | None) -> np.ndarray:
        """Σ area · n nᵀ over the planes around each vertex, `[V, 4, 4]`."""
        a, b, c = (self.points[faces[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        area = np.linalg.norm(normal, axis=1, keepdims=True)
        normal = normal / np.maximum(area, 1e-30)
        plane = np.concatenate([normal, -(normal * a).sum(1, keepdims=True)], 1)
        each = area[:, :, None] * plane[:, :, None] * plane[:, None, :]
        quadrics = np.zeros((len(self.points), 4, 4))
        for corner in range(3):
            np.add.at(quadrics, faces[:, corner], each)
        return quadrics if importance is None else quadrics * importance[:, None, None]

    def run(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        alive = sum(1 for around in self.around if around)
        heap: list[tuple[float, int, int, int, int]] = []
        for vertex in range(len(self.points)):
            self._push(heap, vertex)
        while alive > count and heap:
            _, gone, stays, old, new = heapq.heappop(heap)
            if (old, new) != (self.changed[gone], self.changed[stays]) or not self._allowed(gone, stays):
                continue
            self._collapse(gone, stays)
            alive -= 1
            for vertex in {stays} | self._neighbours(stays):
                self.changed[vertex] += 1
            for vertex in {stays} | self._neighbours(stays):
                self._push(heap, vertex)
        return self._result()

    def _neighbours(self, vertex: int) -> set[int]:
        return {other for face in self.around[vertex] for other in self.faces[face]} - {vertex}

    def _push(self, heap: list[tuple[float, int, int, int, int]], gone: int) -> None:
        """The costs of moving a vertex onto each neighbour; a short edge breaks ties between flat ones."""
        others = sorted(self._neighbours(gone))
        if not others:
            return
        at = np.concatenate([self.points[others], np.ones((len(others), 1))], 1)
        quadric = self.quadrics[gone] + self.quadrics[others]
        cost = np.einsum("ni,nij,nj->n", at, quadric, at)
        length = ((self.points[others] - self.points[gone]) ** 2).sum(1)
        for other, price in zip(others, cost + 1e-7 * length * np.trace(self.quadrics[gone][:3, :3]), strict=True):
            heapq.heappush(heap, (float(price), gone, other, self.changed[gone], self.changed[other]))

    def _allowed(self, gone: int, stays: int) -> bool:
        """Whether the surface stays a surface (the link condition) and no triangle turns over."""
        shared = self.around[gone] & self.around[stays]
        near, far = self._neighbours(gone), self._neighbours(stays)
        if not shared or len(near & far) != len(shared) or len(near | far) <= 4:  # four: a tetrahedron would fold up
            return False
        for index in self.around[gone] - shared:
            face = self.faces[index]
            before = self.points[face]
            after = self.points[[stays if vertex == gone else vertex for vertex in face]]
            old = np.cross(before[1] - before[0], before[2] - before[0])
            new = np.cross(after[1] - after[0], after[2] - after[0])
            if old @ new <= 0.2 * np.linalg.norm(old) * np.linalg.norm(new):
                return False
        return True

    def _collapse(self, gone: int, stays: int) -> None:
        for index in list(self.around[gone]):
            if stays in self.faces[index]:
                for vertex in self.faces[index]:
                    self.around[vertex].discard(index)
                self.faces[index] = []
            else:
                self.faces[index] = [stays if vertex == gone else vertex for vertex in self.faces[index]]
                self.around[stays].add(index)
        self.around[gone] = set()
        self.quadrics[stays] += self.quadrics[gone]

    def _result(self) -> tuple[np.ndarray, np.ndarray]:
        faces = np.array([face for face in self.faces if face], np.int64).reshape(-1, 3)
        kept = np.unique(faces)
        return kept, np.searchsorted(kept, faces)
