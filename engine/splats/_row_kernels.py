"""What the inner loops are made of and numba has not: powers of two by the bits of a float, and scratch memory on the stack."""

from functools import partial

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.raster._jit import inline

FAST = {"nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"}
fast_inline = partial(inline, fastmath=FAST)
row_inline = partial(inline, fastmath=FAST, forceinline=True)
"""For the loops over a row: called as functions they would fill the registers with their constants anew for every row."""
_SERIES = tuple(np.float32(value) for value in (0.99999926, 0.69312181, 0.24024745, 0.05591786, 0.0095701))
_HALF = np.float32(0.5)


@intrinsic
def times_power_of_two(typingctx, number, exponent):
    """A float32 times 2 to the power of an int32: the exponent is added to its bits. What leaves the range of floats is anything."""
    if (number, exponent) != (types.float32, types.int32):
        return None

    def generate(context, builder, signature, arguments):
        word = arguments[1].type
        shifted = builder.shl(arguments[1], ir.Constant(word, 23))
        return builder.bitcast(builder.add(builder.bitcast(arguments[0], word), shifted), ir.FloatType())

    return types.float32(types.float32, types.int32), generate


@fast_inline()
def exp2(power):
    """2^power for −126 ≤ power < ½, to 3e-6: a polynomial for the fraction, the exponent's bits for the rest; below that, anything."""
    whole = np.int32(power - _HALF)
    x = power - np.float32(whole)
    series = _SERIES[3] + x * _SERIES[4]
    series = _SERIES[2] + x * series
    series = _SERIES[1] + x * series
    return times_power_of_two(_SERIES[0] + x * series, whole)  # type: ignore[call-arg]  # numba gives it its context


def scratch(size):
    """A piece of the stack for so many float32: of two of these, unlike of two arrays, the compiler knows that they lie apart."""

    @intrinsic
    def place(typingctx):
        def generate(context, builder, signature, arguments):
            return builder.bitcast(
                cgutils.alloca_once(builder, ir.ArrayType(ir.FloatType(), size)), ir.FloatType().as_pointer()
            )

        return types.CPointer(types.float32)(), generate

    return place
