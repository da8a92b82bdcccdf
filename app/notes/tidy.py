r"""Small corrections between LaTeX and the typesetter: what TeX knows by habit and plain MathML does not.

latex2mathml writes one element per token and ziamath sets what it is told. Without this pass a minus after "=" stands
as a binary one, `\nabla_\theta` is torn apart, `\phi` is upright beside an italic `\theta`, and floor brackets grow
without `\left`.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

SLOT = "\ue010"
"""In a formula's text: the k-th live number is `chr(ord(SLOT) + k)`."""
MOST_SLOTS = 200
SLOT_HEIGHT = 0.7
"""The height of a live number's blank in em."""
_EM = 1.333
"""What ziamath makes of an em, in sizes of its font."""

_ITALIC = {"ϕ": "𝜙", "ϵ": "𝜖", "ϑ": "𝜗", "ϰ": "𝜘", "ϱ": "𝜚", "ϖ": "𝜛"}
_SIGNS = frozenset("−+±∓-")
_BEFORE_PREFIX = _SIGNS | frozenset("([{⟨⌊⌈|‖,;:=≠<>≤≥≈∼≃≅≡∝→←↦⇒⇔∈≔∣·×")
_SPACED = dict.fromkeys("∼⟹⟺⊂⊃⟂≜≊", "thickmathspace") | dict.fromkeys("×⊙⊗⊕∘÷∪∩∧∨⧵±", "mediummathspace")
"""Relations and binary signs that would stand too close to their neighbours."""
_THIN = "\u2009"
_FENCES = {"⌊": "prefix", "⌈": "prefix", "⟨": "prefix", "⌋": "postfix", "⌉": "postfix", "⟩": "postfix"}
_BARS = ("‖", "|")
_NAMED = dict.fromkeys((r"\lVert", r"\rVert", r"\Vert", r"\|"), "‖") | dict.fromkeys(
    (r"\lvert", r"\rvert", r"\vert"), "|"
)
_NAMED |= {
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\{": "{",
    r"\}": "}",
    "~": "∼",
}
r"""What latex2mathml leaves as it stands: fences behind `\big`, and \sim, of which it makes a tilde."""
_SCRIPTS = ("msub", "msup", "msubsup")


def tidy(mathml: str, slots: tuple[float, ...] = ()) -> ET.Element:
    """The formula as a tree, corrected.

    `slots`: the widths in em of its live numbers, which become blanks that the typesetter marks.
    Raises ValueError for a command that LaTeX does not know, which latex2mathml passes on as it stands.
    """
    root = ET.fromstring(mathml)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag == "mo":
            _flatten(element)
    for element in root.iter():
        _correct_one(element, slots)
    for element in root.iter():
        _correct_row(element)
    _unwrap(root)
    return root


def _flatten(sign: ET.Element) -> None:
    r"""A sign that holds a row, as `\mathrel{+}` becomes, is its text: of a row inside a sign nothing would be set."""
    if len(sign):
        sign.text = "".join(sign.itertext())
        del sign[:]


def _correct_one(element: ET.Element, slots: tuple[float, ...]) -> None:
    text = (element.text or "").strip()
    if text in _NAMED and element.tag in ("mi", "mo"):
        element.text = text = _NAMED[text]
    if element.tag in ("mi", "mo") and text.startswith("\\"):
        raise ValueError(f"there is no command {text}")
    if element.tag == "mtext" and len(text) == 1 and 0 <= ord(text) - ord(SLOT) < len(slots):
        _make_blank(element, ord(text) - ord(SLOT), slots)
    elif element.tag == "mi" and text in _ITALIC and "mathvariant" not in element.attrib:
        element.text = _ITALIC[text]
    elif text in _BARS and element.tag in ("mi", "mo") and element.get("fence") != "true":
        element.tag = "mo"
        element.set("stretchy", "false")
    elif text in _FENCES and element.get("stretchy") != "true":
        element.tag = "mo"
        element.attrib.update(stretchy="false", form=_FENCES[text])
    elif element.tag == "mtable" and "columnspacing" not in element.attrib:
        element.attrib.update(columnspacing="0.8em", rowspacing="0.4em")
    elif text in _SPACED and element.tag in ("mi", "mo"):
        element.tag = "mo"
        element.attrib.update(lspace=_SPACED[text], rspace=_SPACED[text])
    elif text in ("∇", "∂"):
        element.tag = "mo"
        element.attrib.update(lspace="0", rspace="0")


def _make_blank(element: ET.Element, index: int, slots: tuple[float, ...]) -> None:
    element.tag, element.text = "mspace", None
    width, height = slots[index] / _EM, SLOT_HEIGHT / _EM
    element.attrib.update(width=f"{width:.4f}em", height=f"{height:.4f}em", mathbackground=f"slot{index}")


def _correct_row(row: ET.Element) -> None:
    if row.tag in _SCRIPTS:
        for script in row[1:]:
            if script.tag == "mo":
                script.text = "∗" if script.text == "*" else script.text
                script.attrib.update(lspace="0", rspace="0")
        return
    neighbours = [None, *row, None]
    for index, child in enumerate(row):
        before, after = neighbours[index], neighbours[index + 2]
        text = (child.text or "").strip()
        if _sign(child) in _SIGNS and _sign(before) in _BEFORE_PREFIX:
            child.attrib.update(form="prefix", lspace="0", rspace="0")
        if child.tag == "mi" and len(text) > 1:
            child.tag = "mtext"
            child.text = _THIN * _is_ordinary(before) + text + _THIN * _is_ordinary(after)


def _sign(element: ET.Element | None) -> str | None:
    return (element.text or "").strip() if element is not None and element.tag == "mo" else None


def _is_ordinary(element: ET.Element | None) -> bool:
    """Whether a function's name keeps a thin space from this neighbour: a letter, a number, a name; no sign."""
    if element is None or element.tag == "mspace":
        return False
    if element.tag == "mo":
        return len((element.text or "").strip()) > 1
    return element.tag in ("mi", "mn", "mtext", "mfrac", "msqrt") or (len(element) > 0 and _is_ordinary(element[0]))


def _unwrap(parent: ET.Element) -> None:
    """Takes away rows of a single element: the typesetter measures rows twice, so its time doubles with every level."""
    for index, child in enumerate(parent):
        inner = child
        while inner.tag == "mrow" and len(inner) == 1 and not inner.attrib and inner[0].tag not in ("mo", "mtable"):
            inner = inner[0]
        if inner is not child:
            parent[index] = inner
        _unwrap(inner)
