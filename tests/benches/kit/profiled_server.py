"""`python -m tests.benches.kit.profiled_server serve …`: the server itself with its hops timed.

For each line on stdin it prints, as one line of JSON, what every hop and every thread of its own has spent so far; it
stops when stdin ends.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict

from server.__main__ import ENDING, main
from tests.benches.kit.hops import Hops, of_background_threads


def _answer(hops: Hops) -> None:
    for _ in sys.stdin:
        spent = hops.spent | of_background_threads()
        sys.stdout.write(json.dumps({name: asdict(one) for name, one in spent.items()}) + "\n")
        sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    # Blocked before the thread below starts, so that the server's own wait gets the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    threading.Thread(target=_answer, args=(Hops(),), daemon=True).start()
    main()
