"""Runs medallion and its peers on the same generated file, A B A B, and prints medians and ratios as Markdown."""

import argparse
import platform
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from harness.duel import duel, table
from harness.environment import python_of, versions
from harness.inputs import Inputs
from harness.measure import load_average
from harness.tools import JOBS, REPOSITORY, DbtDuckDb, DuckDbScript, Medallion, PolarsScript

PEERS = ("duckdb", "polars", "dbt-duckdb", "dbt-postgres")
EXAMPLE = """\
example:
  cargo build --release --bin medallion --example generate
  python3 benches/peers/run.py --rows 1000000 --rounds 3 --peers duckdb,polars,dbt-duckdb
  python3 benches/peers/run.py --rows 100000 --peers dbt-postgres --loader-rows 10000
"""


def arguments():
    def choice(allowed):
        def parse(text):
            chosen = text.split(",")
            if unknown := set(chosen) - set(allowed):
                raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(allowed)}")
            return [name for name in allowed if name in chosen]
        return parse

    target = REPOSITORY / "target"
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the input file [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="how often each pair runs [%(default)s]")
    parser.add_argument("--peers", type=choice(PEERS), default=list(PEERS[:3]), help=f"some of {','.join(PEERS)}")
    parser.add_argument("--jobs", type=choice(JOBS), default=list(JOBS), help="some of first,noop,changed; first always runs")
    parser.add_argument("--loader-rows", type=int, default=10_000, help="rows for the chunked MERGE loader, which is very slow [%(default)s]")
    parser.add_argument("--binary", type=Path, default=target / "release/medallion", help="[%(default)s]")
    parser.add_argument("--generator", type=Path, default=target / "release/examples/generate", help="[%(default)s]")
    parser.add_argument("--work", type=Path, default=target / "peers", help="folder for all that is made, the environment too [%(default)s]")
    parsed = parser.parse_args()
    for path in (parsed.binary, parsed.generator):
        if not path.exists():
            parser.error(f"{path} is not there: cargo build --release --bin medallion --example generate")
    parsed.jobs = [job for job in JOBS if job == "first" or job in parsed.jobs]
    for name in ("binary", "generator", "work"):
        setattr(parsed, name, getattr(parsed, name).resolve())
    return parsed


def main():
    args = arguments()
    python = python_of(args.work / "venv")
    inputs = Inputs(args.generator, args.work / "input", args.rows)
    scratch = args.work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    log = args.work / "run.log"
    peers = {
        "duckdb": lambda: DuckDbScript(scratch / "duckdb", inputs, python),
        "polars": lambda: PolarsScript(scratch / "polars", inputs, python),
        "dbt-duckdb": lambda: DbtDuckDb(scratch / "dbt-duckdb", inputs, python),
    }
    before = load_average()
    duels, notes = [], []
    with ExitStack() as stack:
        for peer in args.peers:
            if peer == "dbt-postgres":
                # Only this one needs a server.
                from harness.postgres_tools import postgres_duel
                result, note = postgres_duel(stack, args, inputs, python, scratch, log)
                duels.append(result)
                notes.append(note)
            else:
                ours = lambda: Medallion(scratch / "medallion", inputs, args.binary)
                duels.append(duel(ours, peers[peer], args.jobs, args.rounds, python, log))
    packages = ("duckdb", "polars", "polars-hash", "dbt-core", "dbt-duckdb", "dbt-postgres")
    print(f"\n{inputs.first.stat().st_size / 1e6:.0f} MB, {args.rounds} rounds, Python {platform.python_version()}, {versions(python, *packages)}.")
    print(f"Load average before and after: {before}; {load_average()}.")
    print(f"Same content in all tables and views: {', '.join(f'{one.peer} ({one.rows_checked:,} rows compared)' for one in duels)}.\n")
    print(table(duels, args.jobs, inputs))
    for note in notes:
        print(f"\n{note}")


if __name__ == "__main__":
    sys.exit(main())
