"""One child process: how long it took, and how much memory it, or any process it waited for, had at most."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """A command to time. Steps of one job run one after the other."""

    label: str
    argv: list
    cwd: Path
    env: dict


@dataclass(frozen=True)
class Measurement:
    seconds: float
    cpu_seconds: float
    peak_bytes: int

    @staticmethod
    def of_all(parts):
        return Measurement(
            sum(part.seconds for part in parts), sum(part.cpu_seconds for part in parts), max(part.peak_bytes for part in parts)
        )


class StepFailed(Exception):
    """A command that was to be timed failed; nothing after it would mean anything."""


def run(step: Step, log: Path) -> Measurement:
    """Runs a command in a process of its own; what it prints goes to `log`.

    The peak is the kernel's ru_maxrss, which is the largest of the process itself and of each descendant that was
    waited for, not their sum. It is never below that of this process, some 20 MB, from which the child was forked.
    """
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(map(str, step.argv))}\n".encode())
        output.flush()
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in step.argv],
            cwd=step.cwd,
            env={**os.environ, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise StepFailed(f"{step.label} failed with exit code {child.returncode}; the end of {log}:\n{tail}")
    return Measurement(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def load_average() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())

