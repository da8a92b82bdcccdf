"""Runs as the window sees them: worker processes, what they say, and Qt signals that carry it to the page."""

from app.runs.host import Host
from app.runs.session import Session

__all__ = ["Host", "Session"]
