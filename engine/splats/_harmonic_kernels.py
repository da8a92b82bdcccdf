"""Spherical harmonics and their slopes, compiled: the twin of `harmonics.harmonics`, checked against it."""

from engine.raster._jit import inline
from engine.splats.harmonics import Y1, Y2, Y3
from engine.splats.scene import Y0


@inline()
def harmonic_values(basis, count, x, y, z):
    """Fills in the first `count` of the sixteen values in a unit direction."""
    basis[0] = Y0
    if count > 1:
        basis[1], basis[2], basis[3] = -Y1 * y, Y1 * z, -Y1 * x
    xx, yy, zz = x * x, y * y, z * z
    if count > 4:
        basis[4], basis[5], basis[6] = Y2[0] * x * y, Y2[1] * y * z, Y2[2] * (2 * zz - xx - yy)
        basis[7], basis[8] = Y2[3] * x * z, Y2[4] * (xx - yy)
    if count > 9:
        basis[9], basis[10] = Y3[0] * y * (3 * xx - yy), Y3[1] * x * y * z
        basis[11], basis[12] = Y3[2] * y * (4 * zz - xx - yy), Y3[3] * z * (2 * zz - 3 * xx - 3 * yy)
        basis[13], basis[14] = Y3[4] * x * (4 * zz - xx - yy), Y3[5] * z * (xx - yy)
        basis[15] = Y3[6] * x * (xx - 3 * yy)


@inline()
def _row(slopes, k, factor, x, y, z):
    slopes[k, 0], slopes[k, 1], slopes[k, 2] = factor * x, factor * y, factor * z


@inline()
def harmonic_slopes(slopes, count, x, y, z):
    """Fills in the derivatives of the first `count` values by x, y and z, each `[16, 3]`; the first is left as it is."""
    _row(slopes, 1, Y1, 0.0, -1.0, 0.0)
    _row(slopes, 2, Y1, 0.0, 0.0, 1.0)
    _row(slopes, 3, Y1, -1.0, 0.0, 0.0)
    xx, yy, zz = x * x, y * y, z * z
    if count > 4:
        _row(slopes, 4, Y2[0], y, x, 0.0)
        _row(slopes, 5, Y2[1], 0.0, z, y)
        _row(slopes, 6, Y2[2], -2 * x, -2 * y, 4 * z)
        _row(slopes, 7, Y2[3], z, 0.0, x)
        _row(slopes, 8, Y2[4], 2 * x, -2 * y, 0.0)
    if count > 9:
        _row(slopes, 9, Y3[0], 6 * x * y, 3 * xx - 3 * yy, 0.0)
        _row(slopes, 10, Y3[1], y * z, x * z, x * y)
        _row(slopes, 11, Y3[2], -2 * x * y, 4 * zz - xx - 3 * yy, 8 * y * z)
        _row(slopes, 12, Y3[3], -6 * x * z, -6 * y * z, 6 * zz - 3 * xx - 3 * yy)
        _row(slopes, 13, Y3[4], 4 * zz - 3 * xx - yy, -2 * x * y, 8 * x * z)
        _row(slopes, 14, Y3[5], 2 * x * z, -2 * y * z, xx - yy)
        _row(slopes, 15, Y3[6], 3 * xx - 3 * yy, -6 * x * y, 0.0)
