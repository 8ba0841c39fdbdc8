"""Two tools beside each other, job by job: medallion, peer, medallion, peer, …"""

import shutil
import sys
from dataclasses import dataclass, field
from statistics import median

from . import check
from .measure import Measurement, load_average, run


@dataclass
class Duel:
    """The measurements of a peer and of medallion beside it; job → label → one measurement a round."""

    peer: str
    ours: dict = field(default_factory=dict)
    theirs: dict = field(default_factory=dict)
    rows_checked: int = 0


def one_job(tool, job, log) -> dict:
    """Label → measurement of each step, and of all of them together under an empty label."""
    tool.prepare(job)
    parts = [(step.label, run(step, log)) for step in tool.steps(job)]
    return {**(dict(parts) if len(parts) > 1 else {}), "": Measurement.of_all([part for _, part in parts])}


def record(into, job, measured):
    for label, measurement in measured.items():
        into.setdefault(job, {}).setdefault(label, []).append(measurement)


def tell(number, job, tool, measured):
    """One line a job, so that a run that is stopped has not been for nothing."""
    for label, one in measured.items():
        name = f"{tool.name}: {label}" if label else tool.name
        print(
            f"round {number + 1}, {job}, {name}: {one.seconds:.2f} s, CPU {one.cpu_seconds:.2f} s, peak {one.peak_bytes / 1e6:.0f} MB "
            f"(load {load_average()})", file=sys.stderr, flush=True,
        )


def duel(make_ours, make_theirs, jobs, rounds, python, log) -> Duel:
    """Both start from nothing in each round. In the last one what they hold is compared, after the first job and the last.

    `make_ours` and `make_theirs` give a tool in a clean folder; a job that builds on another one has it done before.
    """
    result = None
    for number in range(rounds):
        ours, theirs = make_ours(), make_theirs()
        result = result or Duel(theirs.name)
        for job in jobs:
            for tool, into in ((ours, result.ours), (theirs, result.theirs)):
                measured = one_job(tool, job, log)
                record(into, job, measured)
                tell(number, job, tool, measured)
            if number == rounds - 1 and job in (jobs[0], jobs[-1]):
                sides = [check.fingerprint(python, *tool.export()) for tool in (ours, theirs)]
                result.rows_checked += check.compare(*sides, theirs.name)
        for tool in (ours, theirs):
            shutil.rmtree(tool.folder)
    return result


def seconds_of(measurements):
    return median(one.seconds for one in measurements)


def table(duels, jobs, inputs) -> str:
    """The medians as a Markdown table. A ratio is the median of the rounds' ratios: above 1, medallion is ahead."""
    names = {
        "first": f"first build, {inputs.rows:,} rows", "noop": "nothing new",
        "changed": f"{inputs.corrections:,} rows changed",
    }
    lines = [
        "| job | peer | peer, s | medallion, s | ratio | peer, CPU s | medallion, CPU s | CPU ratio | peer's peak, MB | medallion's peak, MB |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for job in jobs:
        for duel_ in duels:
            ours = duel_.ours[job][""]
            for label, theirs in duel_.theirs[job].items():
                name = f"{duel_.peer}: {label}" if label else f"**{duel_.peer}**"
                lines.append(row(names[job], name, theirs, ours, whole=not label))
    return "\n".join(lines)


def row(job, name, theirs, ours, whole) -> str:
    peaks = [max(one.peak_bytes for one in side) / 1e6 for side in (theirs, ours)]
    cpu = [median(one.cpu_seconds for one in side) for side in (theirs, ours)]
    if not whole:
        return f"| {job} | {name} | {seconds_of(theirs):.2f} | | | {cpu[0]:.2f} | | | {peaks[0]:.0f} | |"
    ratio = median(other.seconds / own.seconds for other, own in zip(theirs, ours))
    cpu_ratio = median(other.cpu_seconds / max(own.cpu_seconds, 0.001) for other, own in zip(theirs, ours))
    times = f"{seconds_of(theirs):.2f} | {seconds_of(ours):.2f} | **{ratio:.1f}** | {cpu[0]:.2f} | {cpu[1]:.2f} | {cpu_ratio:.1f}"
    return f"| {job} | {name} | {times} | {peaks[0]:.0f} | {peaks[1]:.0f} |"
