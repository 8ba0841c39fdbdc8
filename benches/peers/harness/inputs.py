"""The input files, written by the project's own generator: the same arguments give the same bytes."""

import os
import subprocess
from pathlib import Path


class Inputs:
    """A file of `rows` transactions, and one that corrects a share of them."""

    def __init__(self, generator: Path, folder: Path, rows: int, share: float = 0.01, corrections: int | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.rows = rows
        self.first = folder / f"transactions-{rows}.csv"
        self.changed = folder / f"corrections-{rows}-{corrections or share}.csv"
        if not self.first.exists():
            write(generator, self.first, "--rows", str(rows), "--seed", "7")
        if not self.changed.exists():
            write(generator, self.changed, "--corrections", str(share), "--of", str(self.first), "--seed", "11")
            if corrections is not None:
                keep(self.changed, corrections)
        self.corrections = sum(1 for _ in self.changed.open("rb")) - 1

    def put(self, folder: Path, changed: bool):
        """Lays the first file, or the corrections, into a folder that a tool loads from; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / ("1.csv" if changed else "0.csv")
        os.link(self.changed if changed else self.first, place)
        return place


def write(generator, path, *arguments):
    part = path.with_suffix(".part")
    subprocess.run([generator, *arguments, "-o", part], check=True)
    part.rename(path)


def keep(path, records):
    """Cuts a file after so many records; generated records have no line ends in them."""
    lines = path.read_bytes().splitlines(keepends=True)
    if len(lines) <= records:
        raise ValueError(f"{path} has only {len(lines) - 1} records")
    path.write_bytes(b"".join(lines[: records + 1]))
