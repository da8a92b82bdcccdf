"""Opens the real window as main.py does, and says when it had painted and what it weighs. Run as a process of its own.

`python -m tests.bench.opening BEGUN` with BEGUN the time at which the parent started it, in seconds since the epoch.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Prints one line of JSON: seconds to the first paint, resident bytes then and three seconds later, whether torch is loaded."""
    begun = float(sys.argv[1])
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    import app.window
    import main as program

    said: dict[str, object] = {}

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if (
                event.type() == QEvent.Type.Paint
                and "seconds" not in said
                and isinstance(watched, app.window.MainWindow)
            ):
                QTimer.singleShot(0, painted)
            return False

    def painted() -> None:
        if "seconds" in said:
            return
        import psutil

        said["seconds"] = time.time() - begun
        said["memory"] = psutil.Process().memory_info().rss
        said["torch"] = "torch" in sys.modules
        QTimer.singleShot(3000, leave)

    def leave() -> None:
        import psutil

        said["later"] = psutil.Process().memory_info().rss
        sys.stdout.write(json.dumps(said) + "\n")
        for widget in QApplication.topLevelWidgets():
            widget.close()

    watch = Watch()
    shown = app.window.MainWindow.show

    def show(window: app.window.MainWindow) -> None:
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(watch)
        shown(window)

    app.window.MainWindow.show = show  # type: ignore[method-assign, assignment]  # the one hook: everything else is the program itself
    sys.exit(program.main([]))


if __name__ == "__main__":
    main()
