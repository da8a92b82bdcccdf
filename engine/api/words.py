"""Numbers, times and sizes as people say them; the window and the command line share them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float, digits: int = 3) -> str:
    """Three significant digits and a true minus sign: 0.00123 → "0.00123", 0.1 → "0.100", 12345.6 → "12,300", 1e-7 → "1e−7"."""
    if isinstance(value, bool):
        return str(value)
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 10**digits):
        return f"{int(value):,}".replace("-", "−")
    size = abs(value)
    if size < 1e-4 or size >= 1e7:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    rounded = float(f"{value:.{digits - 1}e}")
    text = f"{rounded:,.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"
    return text.replace("-", "−")


def bound(value: float) -> str:
    """A limit of a range, as short as it goes: 0.1 → "0.1", 256.0 → "256"."""
    text = f"{value:g}"
    mantissa, e, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if e else text).replace("-", "−")


def duration(seconds: float) -> str:
    """A span of time: "0.8 s", "45 s", "1 min 20 s", "2 h 5 min"."""
    if not math.isfinite(seconds):
        return "—"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def size(count: float) -> str:
    """A number of bytes: "612 MB"."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit in ("B", "kB", "MB") else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def ago(seconds: float) -> str:
    """How long ago: "now", "5 min ago", "3 h ago", "yesterday", "12 days ago"."""
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86400)
    return "yesterday" if days == 1 else f"{days} days ago"


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 lab", "5 labs"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


NEARLY = 0.2
"""A name that is so much less alike than the nearest one is not meant."""


def near(name: str, known: Sequence[str]) -> str:
    """The end of a sentence about an unknown name: "; did you mean a, b?" or "; there are a, b, c."."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        ratio = difflib.SequenceMatcher(None, name, close[0]).ratio()
        close = [other for other in close if difflib.SequenceMatcher(None, name, other).ratio() > ratio - NEARLY]
        return f"; did you mean {', '.join(close)}?"
    return f"; there are {', '.join(known)}." if known else "."
