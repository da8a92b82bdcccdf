"""Where the program keeps things on this machine; `main.py` decides once and hands it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAME = "perception-studio"


@dataclass(frozen=True)
class Places:
    """Folders that need not exist yet: settings, downloaded data, what can be remade at any time, and the runs."""

    config: Path
    data: Path
    cache: Path
    runs: Path


def find_places(home: str | None = None) -> Places:
    """The folders that the system has for such things, or all of them below `home` (PERCEPTION_STUDIO_HOME)."""
    if home:
        root = Path(home).expanduser().absolute()
        return Places(root / "config", root / "data", root / "cache", root / "runs")
    import platformdirs

    data = platformdirs.user_data_path(NAME, appauthor=False)
    return Places(
        config=platformdirs.user_config_path(NAME, appauthor=False),
        data=data,
        cache=platformdirs.user_cache_path(NAME, appauthor=False),
        runs=data / "runs",
    )
