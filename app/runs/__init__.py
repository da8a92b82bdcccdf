"""Runs as the window sees them: worker processes, what they say, and Qt signals that carry it to the page."""

from app.runs.conductor import Conductor
from app.runs.host import Host
from app.runs.live_run import LiveRun
from app.runs.session import Session

__all__ = ["Conductor", "Host", "LiveRun", "Session"]
