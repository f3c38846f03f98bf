"""`python -m tests.benches.kit.client_process`: one client. Reads a task a line from stdin, answers with what it did.

Every door is opened once and stays open. A statement that fails ends the process.
"""

import sys
import time

from tests.benches.kit.doors import Ask, Door
from tests.benches.kit.work import Done, Task


def perform(ask: Ask, task: Task) -> Done:
    """A closed loop: the next statement goes out when the one before it is answered."""
    latencies: list[float] = []
    if task.work is None:
        return Done(latencies, 0.0)
    time.sleep(max(0.0, task.start_at - time.monotonic()))
    began = now = time.perf_counter()
    for statement in task.work.statements():
        ask(statement)
        before, now = now, time.perf_counter()
        latencies.append(now - before)
        if now - began >= task.seconds:
            break
    return Done(latencies, now - began)


def main() -> None:
    opened: dict[Door, Ask] = {}
    _say("ready")
    for line in sys.stdin:
        task = Task.loads(line)
        if task.door not in opened:
            opened[task.door] = task.door.open()
        _say(perform(opened[task.door], task).dumps())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
