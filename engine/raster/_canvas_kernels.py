"""The canvas's own kernel: samples to pixels."""

import numpy as np

from engine.raster._jit import kernel, run_of


@kernel()
def average_samples(part, parts, samples, side, pixels):
    """Each pixel is the mean of its side × side samples, `[H·side, W·side, 4]` to `[H, W, 4]` uint8."""
    height, width = pixels.shape[0], pixels.shape[1]
    count = side * side
    for y in run_of(height, part, parts):
        for x in range(width):
            for channel in range(4):
                total = count // 2
                for dy in range(side):
                    for dx in range(side):
                        total += samples[y * side + dy, x * side + dx, channel]
                pixels[y, x, channel] = np.uint8(total // count)
