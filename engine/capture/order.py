"""What a person asks of a capture, and where its parts lie in its folder.

database.db   features and matches; a broken-off capture goes on from it
frames/       of a video, the sharpest
photos/       without distortion, upright
masks/        likewise
sparse/0/     the largest model, in COLMAP's format, for the photos in photos/
order.json    what must be the same for a broken-off capture to go on
capture.json  the order, the doctor's report; written last, so its presence says that the capture is complete
dropped.json  names of photos that a person wants left out, if any
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

DATABASE, FRAMES, PHOTOS, MASKS = "database.db", "frames", "photos", "masks"
MODEL, KEY, REPORT, DROPPED = "sparse/0", "order.json", "capture.json", "dropped.json"


@dataclass(frozen=True)
class Order:
    """`source`: a folder of photos or a video. `out`: the capture's folder.

    `long_side`: pixels of the pictures in which features are sought. `photo_side`: pixels of the photos to learn from, at most.
    `frames`: how many are taken of a video. `masks`: a folder of masks, if they do not lie beside the photos. `threads`: how many at once.
    """

    source: Path
    out: Path
    long_side: int = 1000
    photo_side: int = 1600
    frames: int = 60
    masks: Path | None = None
    threads: int = 2
    seed: int = 0

    def to_json(self) -> str:
        """The order as a line of JSON."""
        return json.dumps(
            {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}
        )

    @property
    def key(self) -> str:
        """What must be the same for a broken-off capture to go on from its database."""
        return json.dumps([str(self.source), self.long_side, self.frames, str(self.masks), self.seed])


def order_from_json(text: str) -> Order:
    """The order that `to_json` wrote."""
    values = json.loads(text)
    masks = values.pop("masks")
    source, out = Path(values.pop("source")), Path(values.pop("out"))
    return Order(source, out, masks=Path(masks) if masks else None, **values)
