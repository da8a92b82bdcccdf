"""From noise back to data, a little at a time."""
