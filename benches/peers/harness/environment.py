"""The throw-away environment that the peers are installed into."""

import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"


def python_of(folder: Path) -> Path:
    """The interpreter of the environment in `folder`, which is made, or made again where other versions are pinned now."""
    python, mark = folder / "bin" / "python", folder / "installed.txt"
    pinned = REQUIREMENTS.read_text()
    if mark.exists() and mark.read_text() == pinned:
        return python
    print(f"Installing the peers into {folder} …", file=sys.stderr)
    venv.create(folder, clear=True, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
    mark.write_text(pinned)
    return python


def versions(python: Path, *packages) -> str:
    """`name version` of some installed packages, for the report."""
    code = "import sys, importlib.metadata as m; print(', '.join(f'{p} {m.version(p)}' for p in sys.argv[1:]))"
    return subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True).stdout.strip()
