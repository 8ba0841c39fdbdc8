"""Do two tools hold the same tables?"""

import json
import math
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


class Differs(Exception):
    """A peer did another job than medallion did: its time says nothing."""


def fingerprint(python, kind, place) -> dict:
    output = subprocess.run(
        [python, HERE / "fingerprint.py", kind, place], stdout=subprocess.PIPE, text=True, check=True, cwd=HERE
    ).stdout
    return json.loads(output)


def compare(ours, theirs, name):
    """Raises `Differs` with every value that differs. Sums of doubles may differ by their rounding: a cent for each row of
    the view, at most a millionth of the sum."""
    differences = []
    for table, values in ours.items():
        for what, value in values.items():
            other = theirs[table][what]
            if isinstance(value, float) and isinstance(other, float):
                equal = math.isclose(value, other, rel_tol=1e-6)
            else:
                equal = value == other
            if not equal:
                differences.append(f"  {table}, {what}: medallion {value}, {name} {other}")
    if differences:
        raise Differs(f"{name} does not hold what medallion holds:\n" + "\n".join(differences))
    return sum(int(values["rows"]) for values in ours.values())
