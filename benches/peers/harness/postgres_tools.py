"""medallion and dbt-postgres on a private server, and the loader that medallion replaces."""

import shutil
import subprocess

from .duel import duel
from .inputs import Inputs
from .measure import Step, run
from .postgres import Cluster
from .tables import COLUMNS, SCHEMAS
from .tools import PEERS, Dbt, Medallion

SUMS = "select count(*), count(distinct transaction_id), sum(price_value)::numeric(30, 2), sum(tax_value)::numeric(30, 2) from forex.customer_transactions"


class MedallionPostgres(Medallion):
    profile = "postgres"

    def __init__(self, folder, inputs, binary, cluster):
        super().__init__(folder, inputs, binary, cluster.env)
        cluster.drop("data_lake", "dev", "pro")
        setup = [binary, "setup", "--profile", "postgres", "--target", "pro"]
        subprocess.run(setup, cwd=folder, env=self.env, check=True, capture_output=True)

    def load_step(self):
        build = self.steps("first")[0]
        return Step("medallion load", [self.binary, "load", *build.argv[2:]], build.cwd, build.env)


class DbtPostgres(Dbt):
    name = "dbt-postgres"
    overlay = "dbt_postgres"

    def __init__(self, folder, inputs, python, cluster):
        super().__init__(folder, inputs, python, cluster.env)
        self.cluster = cluster
        cluster.drop("peer")
        cluster.psql("postgres", "create database peer")

    def steps(self, job):
        if job == "noop":
            return [self.dbt()]
        return [Step("COPY load", [self.python, PEERS / "load_postgres.py", self.files[-1]], self.folder, self.env), self.dbt()]

    def export(self):
        place = self.folder / "export"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for table, (schema, name) in SCHEMAS.items():
            columns = list(COLUMNS[table]) + (["load_timestamp"] if self.has_timestamp(table) else [])
            self.cluster.psql("peer", f'\\copy (select {", ".join(columns)} from {schema}."{name}") to \'{place}/{table}.csv\' with (format csv, header)')
        return "csv", place

    def has_timestamp(self, table):
        return not table.startswith("agg_") and table != "date_dim"


def postgres_duel(stack, args, inputs, python, scratch, log):
    """dbt-postgres beside medallion, and what the loader takes."""
    cluster = stack.enter_context(Cluster())
    result = duel(
        lambda: MedallionPostgres(scratch / "medallion-postgres", inputs, args.binary, cluster),
        lambda: DbtPostgres(scratch / "dbt-postgres", inputs, python, cluster),
        args.jobs, args.rounds, python, log,
    )
    return result, f"{cluster.version()}. {loader_note(cluster, args, python, scratch, log)}"


def loader_note(cluster, args, python, scratch, log) -> str:
    """The chunked MERGE loader beside `medallion load`, once: it is far too slow for rounds or for a large file."""
    inputs = Inputs(args.generator, args.work / "input", args.loader_rows)
    ours = MedallionPostgres(scratch / "medallion-load", inputs, args.binary, cluster)
    ours.prepare("first")
    mine = run(ours.load_step(), log)
    cluster.drop("peer")
    cluster.psql("postgres", "create database peer")
    argv = [python, PEERS / "chunked_merge_loader.py", ours.files[0]]
    theirs = run(Step("chunked MERGE loader", argv, scratch, cluster.env), log)
    sums = [cluster.psql(database, SUMS) for database in ("data_lake", "peer")]
    if sums[0] != sums[1]:
        raise RuntimeError(f"the loader's table differs: medallion {sums[0]}, loader {sums[1]}")
    return (
        f"Loading {inputs.rows:,} rows into an empty Postgres table, once: chunked MERGE loader {theirs.seconds:.1f} s, "
        f"`medallion load` {mine.seconds:.2f} s, ratio {theirs.seconds / mine.seconds:.0f}."
    )
