"""What a lab yields. Each frame is a small frozen record, named so that a view keeps its place.

The part of a name before the first `/` is the view, the rest is the item in it: `Scalar("loss/kl", …)` is the curve "kl" in the chart
"loss", `Mesh("scene/surface", …)` and `Points("scene/samples", …)` share one viewport. Scalars and truths are lossless; every other
frame is latest-wins. Arrays may be numpy arrays or torch tensors on any device; they reach the view as numpy arrays.

Colours: an `int` is an index into the eight series colours of the theme (the same series keeps its colour everywhere), an array
`[N, 3]` is RGB in 0..1 or uint8. Pictures are float in 0..1 or uint8, `[H, W]` grey or `[H, W, 3]` RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Array = Any
"""A numpy array or a torch tensor; this package knows nothing of torch."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One point of a curve, at the step that is running. `value` may be a 0-d tensor: no `.item()` in the loop."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Truth:
    """Theory's value for a curve: a dashed, labelled line across the chart of `name`. Yield it once, before the loop."""

    name: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Images:
    """A grid of small pictures, `[N, H, W]` or `[N, H, W, 3]`.

    `labels`: a short caption under each (empty: none). `columns`: 0 lets the view choose. `edits`: a `Pick` parameter that
    receives `(index,)` when a picture is clicked. `note`: dim text beside the title.
    """

    name: str
    pixels: Array
    labels: tuple[str, ...] = ()
    columns: int = 0
    edits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a `Plot`: what it measures, its unit, a fixed range (None: grows smoothly with the data)."""

    label: str = ""
    unit: str = ""
    range: tuple[float, float] | None = None
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline. `x` and `y` are `[N]`; NaN breaks it."""

    x: Array
    y: Array
    label: str = ""
    colour: int = 0
    dashed: bool = False
    width: float = 1.5


@dataclass(frozen=True, slots=True)
class Band:
    """A translucent band between two curves; `x`, `low`, `high` are `[N]`."""

    x: Array
    low: Array
    high: Array
    label: str = ""
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points `[N, 2]`. `groups` `[N]` of int colours each by its class; else all take `colour`. `size` in pixels.

    `hollow` draws rings; `labels` writes a short text at each point (for a few points).
    """

    points: Array
    groups: Array | None = None
    label: str = ""
    colour: int = 0
    size: float = 5.0
    hollow: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat map `[H, W]`; row 0 lies at `extent`'s low y. `extent` = (x low, x high, y low, y high).

    `colours`: "sequential" (perceptually uniform), "diverging" (centred on `centre`), "classes" (series colours), or "grey".
    `range` fixes the colour scale; `legend` names it (an empty one draws no legend).
    """

    values: Array
    extent: tuple[float, float, float, float]
    colours: str = "sequential"
    range: tuple[float, float] | None = None
    legend: str = ""
    centre: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Contour:
    """Lines of equal value of a grid `[H, W]` over `extent`, at `levels`."""

    values: Array
    extent: tuple[float, float, float, float]
    levels: tuple[float, ...] = (0.0,)
    label: str = ""
    colour: int = 0
    width: float = 1.5


@dataclass(frozen=True, slots=True)
class Arrows:
    """Arrows from `start` `[N, 2]` by `vector` `[N, 2]`, in plot units."""

    start: Array
    vector: Array
    label: str = ""
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars at `x` `[N]` of `height` `[N]`; `width` in plot units."""

    x: Array
    height: Array
    label: str = ""
    colour: int = 0
    width: float = 0.8


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawn graph: nodes `[N, 2]`, edges `[E, 2]` of node indices; a weight per edge sets width and colour (sign).

    `pictures` `[N, h, w, 3]` draws a small picture in each node; `labels` a text. `values` `[N]` tints the nodes.
    If the plot `edits` a `Pick`, a drag or wheel on edge k sends `(k, new weight)`.
    """

    nodes: Array
    edges: Array
    weights: Array
    labels: tuple[str, ...] = ()
    values: Array | None = None
    pictures: Array | None = None
    node_size: float = 36.0


Layer = Line | Band | Scatter | Heat | Contour | Arrows | Bars | Graph


@dataclass(frozen=True, slots=True)
class Plot:
    """A 2-D canvas of layers, drawn in order.

    `edits` names a parameter that the person changes on the plot itself: a `Pad` (drag a cross), a `PointSet` (click to add,
    drag to move, right-click to remove), a `Pick` (click sends `(x, y)`). `equal` keeps x and y to one scale.
    """

    name: str
    layers: tuple[Layer, ...]
    x: Axis = Axis()
    y: Axis = Axis()
    equal: bool = False
    edits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Rectangles `[N, 4]` as (left, top, right, bottom) in pixels of the picture."""

    corners: Array
    labels: tuple[str, ...] = ()
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Points `[N, 2]` in pixels, joined by `bones` `[B, 2]`; `confidence` `[N]` in 0..1 fades them."""

    points: Array
    bones: Array | None = None
    confidence: Array | None = None
    labels: tuple[str, ...] = ()
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Mask:
    """A region `[H, W]` of 0..1 laid over the picture in a series colour."""

    values: Array
    label: str = ""
    colour: int = 0
    opacity: float = 0.4


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Values `[h, w]` stretched over the picture in the sequential colour map."""

    values: Array
    label: str = ""
    opacity: float = 0.5


@dataclass(frozen=True, slots=True)
class Tracks:
    """Paths `[K, T, 2]` in pixels; NaN where a track is absent."""

    paths: Array
    labels: tuple[str, ...] = ()


Overlay = Boxes | Keypoints | Mask | HeatMap | Tracks


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture `[H, W]` or `[H, W, 3]`, with overlays.

    `edits` names a `Pick` (a click or drag sends `(x, y)` in pixels; one that took hold of keypoint k of the first `Keypoints` sends
    `(x, y, k)`) or a `Canvas` (the person paints on it).
    """

    name: str
    pixels: Array
    overlays: tuple[Overlay, ...] = ()
    edits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles in a viewport: `vertices` `[V, 3]` metres, world, z up; `faces` `[F, 3]`; `colours` `[V, 3]`."""

    name: str
    vertices: Array
    faces: Array
    colours: Array | None = None
    colour: int | None = None
    wireframe: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Points in a viewport: `positions` `[N, 3]` metres, world, z up; `size` in pixels."""

    name: str
    positions: Array
    colours: Array | None = None
    colour: int | None = None
    size: float = 3.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Line segments in a viewport: `segments` `[M, 2, 3]` metres, world, z up."""

    name: str
    segments: Array
    colours: Array | None = None
    colour: int | None = None
    width: float = 1.5
    note: str = ""


@dataclass(frozen=True, slots=True)
class Handles:
    """Places in a viewport that a person takes hold of: `positions` `[K, 3]` metres, world, z up.

    Without `turns`, a drag moves a handle in the plane of the screen. With them, the chosen handle shows three rings: `turns` `[K, 3]`
    are rotation vectors, radians, each in the frame of its parent, whose orientation is `parents` `[K, 3, 3]` (world from parent;
    None: the world's). `edits` names a `Pick` that receives `(k, x, y, z, …)`: for every handle that was changed, where it was brought, or
    its new rotation vector. A right-click gives a handle back.
    """

    name: str
    positions: Array
    turns: Array | None = None
    parents: Array | None = None
    labels: tuple[str, ...] = ()
    edits: str = ""
    colour: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Splats:
    """3-D Gaussians.

    `means` `[N, 3]` and `scales` `[N, 3]` metres, `rotations` `[N, 4]` wxyz, `opacities` `[N]`, `colours` `[N, 3]` in 0..1;
    `harmonics` `[N, 3 | 8 | 15, 3]`: higher spherical harmonics, by which a colour depends on the direction.
    """

    name: str
    means: Array
    rotations: Array
    scales: Array
    opacities: Array
    colours: Array
    note: str = ""
    harmonics: Array | None = None


@dataclass(frozen=True, slots=True)
class Cameras:
    """Posed photos in a viewport, as the frusta of their cameras, in the world of the frames beside them.

    `names`: of the `n` photos. `poses` `[n, 4, 4]`: world from camera, which looks along its +z with y down (OpenCV). `focal`,
    `middle` and `size`, each `[n, 2]` pixels: focal lengths, where the axis meets the photo, width and height. `thumbs`
    `[n, h, w, 3]` uint8: small copies, all stretched to one size (`size` has the shape). `psnr` `[n]` dB: how well a photo is met,
    NaN where that is not known. `held_out` `[n]` bool: training never sees it. `edits`: a `Pick` that receives `(index,)`.
    """

    name: str
    names: tuple[str, ...]
    poses: Array
    focal: Array
    middle: Array
    size: Array
    thumbs: Array
    psnr: Array
    held_out: Array
    edits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text or numbers under named columns. `edits`: a `Pick` that receives `(row,)`."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    edits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Markdown, with `$…$` maths."""

    name: str
    markdown: str
    note: str = ""


Drawn = Images | Plot | Picture | Mesh | Points | Lines | Handles | Splats | Cameras | Table | Text
"""The frames that are latest-wins."""

Frame = Scalar | Truth | Drawn


@dataclass(frozen=True, slots=True)
class View:
    """A place on the lab's page, declared so that the page stands before the first frame arrives.

    `name`: the view's name in frames. `title`: what the person reads. `hint`: what an empty view says, or how to poke it.
    `unit`: the unit of a chart's values. `log`: a chart starts with a logarithmic axis. `wide`: takes a whole row.
    """

    name: str
    title: str = ""
    hint: str = ""
    unit: str = ""
    log: bool = False
    wide: bool = False


def view_of(name: str) -> str:
    """The view that a frame's name belongs to: `"loss/kl"` → `"loss"`."""
    return name.partition("/")[0]


def item_of(name: str) -> str:
    """The item inside the view: `"loss/kl"` → `"kl"`, `"loss"` → `"loss"`."""
    return name.partition("/")[2] or name
