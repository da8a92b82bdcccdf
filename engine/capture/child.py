"""The process in which a capture computes: COLMAP's workers may abort, and a cancelled capture must end at once.

It reads its order as one line from standard input and writes events, one a line, to standard output. When standard input closes, whoever
watched is gone or wants no more, and the process ends; the database keeps what was found.
"""

from __future__ import annotations

import os
import sys
import threading

from engine.api.errors import StudioError
from engine.capture.events import Event, Failed, encode
from engine.capture.order import order_from_json


def main() -> None:
    """Carries out one order."""
    words = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever C++ says goes to the log
    order = order_from_json(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            words.write(encode(event) + "\n")
            words.flush()

    try:
        from engine.capture.work import carry_out

        carry_out(order, tell)
    except StudioError as error:
        tell(Failed(str(error)))
    except OSError as error:
        tell(
            Failed(
                f"The capture could not be written to {order.out} ({error.strerror}); make room there and start again."
            )
        )
    words.close()
    os._exit(0)  # without waiting for threads of C++


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
