"""Where the ticks of an axis stand and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in its own units, and its text (empty: only a mark)."""

    value: float
    text: str


def nice_step(span: float, count: int) -> float:
    """The distance of about `count` round ticks over `span`: 1, 2, 2.5 or 5 times a power of ten."""
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * 0.999)


def linear_ticks(lo: float, hi: float, count: int, whole: bool = False) -> list[Tick]:
    """About `count` round ticks inside `lo … hi`. `whole`: only whole numbers (steps, indices)."""
    if not (math.isfinite(lo) and math.isfinite(hi)) or hi <= lo:
        return []
    step = nice_step(hi - lo, count)
    if whole:
        step = max(1.0, float(math.ceil(step)) if step < 5 else step)
    first, last = math.ceil(lo / step - 1e-9), math.floor(hi / step + 1e-9)
    return [Tick(index * step, tick_text(index * step, step)) for index in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick's text with just the decimals that its step needs: "0.25", "1,240", "50k", "2e−5"."""
    size = abs(value)
    if value == 0 or size < step / 1e6:
        return "0"
    if step >= 1000 and (size >= 1e4 or step >= 1e4):
        scale, unit = (1e6, "M") if step >= 1e5 and size >= 1e6 else (1e3, "k")
        return tick_text(value / scale, step / scale) + unit if size < 1e9 else _power(value)
    if step < 1e-4 and size < 1e-2:
        return _power(value)
    decimals = 0
    while decimals < 8 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6 * step * 10**decimals:
        decimals += 1
    return f"{value:,.{decimals}f}".replace("-", "−")


def _power(value: float) -> str:
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}".replace("-", "−")


def log_ticks(lo: float, hi: float, count: int) -> list[Tick]:
    """Ticks of a logarithmic axis over `lo … hi` (both positive): decades, with 2 and 5 where there is room, else round values."""
    if not 0 < lo < hi < math.inf:
        return []
    decades = math.log10(hi / lo)
    if decades < 0.8:
        return [tick for tick in linear_ticks(lo, hi, count) if tick.value > 0]
    first, last = math.floor(math.log10(lo)), math.ceil(math.log10(hi))
    every = max(1, math.ceil(decades / max(count, 1)))
    factors = (1, 2, 5) if decades * 3 <= count + 1 else (1,)
    values = [factor * 10.0**power for power in range(first, last + 1) if power % every == 0 for factor in factors]
    return [Tick(value, _decade_text(value)) for value in values if lo * (1 - 1e-9) <= value <= hi * (1 + 1e-9)]


def _decade_text(value: float) -> str:
    if 1e-3 <= value < 1e5:
        return f"{value:,g}" if value < 1 else f"{value:,.0f}"
    return _power(value)
