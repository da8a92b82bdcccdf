"""Whether this machine draws by OpenGL on a real graphics card, and in words which one.

Qt says so when asked, except on platforms without windows, where its context pretends to be valid. A renderer that runs
on the processor (Mesa's llvmpipe and its like) is slower than `engine.raster`, and counts as none.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

GL_VENDOR, GL_RENDERER, GL_VERSION = 0x1F00, 0x1F01, 0x1F02
WINDOWLESS = ("offscreen", "minimal", "minimalegl", "vnc", "linuxfb")
BY_PROCESSOR = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "gdi generic", "microsoft basic")
ASK_SECONDS = 15.0


@dataclass(frozen=True)
class Driver:
    """What OpenGL says of itself; all empty where there is none. `why`: the reason."""

    renderer: str = ""
    version: str = ""
    why: str = ""

    @property
    def is_card(self) -> bool:
        """Whether a graphics card draws."""
        return bool(self.renderer) and not any(name in self.renderer.lower() for name in BY_PROCESSOR)

    def words(self) -> str:
        """For people: which card, or why none."""
        if not self.renderer:
            return f"none ({self.why})"
        if not self.is_card:
            return f"software only ({self.renderer.partition(' (')[0]})"
        return f"{self.renderer}, OpenGL {self.version.partition(' ')[0]}"


def has_graphics_card() -> bool:
    """Whether OpenGL draws on a graphics card; asked once."""
    return probe().is_card


@functools.cache
def probe() -> Driver:
    """Asks OpenGL, in this process; there must be an application."""
    if QGuiApplication.platformName() in WINDOWLESS:
        return Driver(why="no screen")
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return Driver(why="no driver")
    try:
        return _read(context)
    finally:
        context.doneCurrent()
        surface.destroy()


def _read(context: QOpenGLContext) -> Driver:
    texts = [str(context.functions().glGetString(name) or "") for name in (GL_RENDERER, GL_VERSION)]
    return Driver(*texts) if texts[0] else Driver(why="no driver")


def describe() -> str:
    """OpenGL in words, for `main.py doctor`: looked at in another process, because a broken driver ends its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_tell, args=(theirs,), daemon=True)
    child.start()
    theirs.close()
    try:
        return str(ours.recv()) if ours.poll(ASK_SECONDS) else "none (the driver does not answer)"
    except EOFError:
        return "none (no screen)"  # Qt ends the process where it finds none
    finally:
        ours.close()
        child.kill()
        child.join()
        child.close()


def _tell(answer: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where there is no screen, Qt says so at length and aborts
    application = QGuiApplication([])
    answer.send(probe().words())
    answer.close()
    application.quit()
