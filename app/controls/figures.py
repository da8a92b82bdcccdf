"""Numbers as a person reads and types them in a control: short on display, exact while one edits."""

from __future__ import annotations

import math
import re

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?")
_FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "%": 1e-2}


def shown(value: float, whole: bool = False) -> str:
    """A value on display: 0.001 → "1e-3", 4.0 → "4.0", 12000 (whole) → "12,000"; at most four significant digits."""
    if whole:
        return f"{int(value):,}".replace("-", "−")
    if value == 0:
        return "0.0"
    if 0.01 <= abs(value) < 1e5:
        text = f"{value:.4g}"
        text = text if "." in text or "e" in text else text + ".0"
        return (f"{value:.0f}" if "e" in text else text).replace("-", "−")
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def exact(value: float, whole: bool = False) -> str:
    """A value while one edits it: every digit, plain minus signs."""
    if whole:
        return str(int(value))
    text = repr(float(value))
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}" if mark else text.removesuffix(".0")


def typed(text: str, unit: str = "") -> float:
    """The number that a person typed: "1e-3", "1,000", "0,5", "−2", "10k", "3 px". Raises ValueError."""
    cleaned = text.replace("−", "-").strip()
    cleaned = cleaned.removesuffix(unit).strip() if unit else cleaned
    cleaned = re.sub(r"[\s_\u2009\u202f]", "", cleaned)
    factor = 1.0
    if cleaned[-1:] in _FACTORS:
        factor, cleaned = _FACTORS[cleaned[-1]], cleaned[:-1]
    if _THOUSANDS.fullmatch(cleaned):
        cleaned = cleaned.replace(",", "")
    number = float(cleaned.replace(",", ".")) * factor
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return round(number, 12) if factor != 1.0 else number
