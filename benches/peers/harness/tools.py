"""The tools that do the job: what each has to have in its folder, and which commands are its jobs."""

import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from .measure import Step
from .tables import SCHEMAS

PEERS = Path(__file__).resolve().parent.parent
REPOSITORY = PEERS.parent.parent
JOBS = ("first", "noop", "changed")


class Tool(ABC):
    """`prepare` lays the input of a job ready and is not timed; `steps` are timed; `export` is how its tables are read."""

    name = ""

    def __init__(self, folder: Path, inputs):
        self.folder, self.inputs = folder, inputs
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.files = []

    def prepare(self, job):
        if job != "noop":
            self.files.append(self.inputs.put(self.folder / "input", changed=job == "changed"))

    @abstractmethod
    def steps(self, job) -> list: ...

    @abstractmethod
    def export(self) -> tuple:
        """(kind, place) for fingerprint.py."""


def copy_project(folder: Path):
    """The bundled project: models, macros, profiles."""
    for name in ("models", "udfs/macros"):
        shutil.copytree(REPOSITORY / name, folder / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(REPOSITORY / name, folder / name)


class Medallion(Tool):
    name = "medallion"
    profile = "embedded"

    def __init__(self, folder, inputs, binary, env=None):
        super().__init__(folder, inputs)
        self.binary, self.env = binary, {"MEDALLION_LAKE": "lake", "DO_NOT_TRACK": "1", **(env or {})}
        copy_project(folder)

    def steps(self, job):
        arguments = ["--profile", self.profile, "--target", "pro", "--vars", "{customer_transactions_path: 'input/*.csv'}"]
        return [Step("build", [self.binary, "build", *arguments], self.folder, self.env)]

    def export(self):
        place = self.folder / "export"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for table, (schema, name) in SCHEMAS.items():
            database = "data_lake" if table == "source" else "pro"
            subprocess.run(
                [self.binary, "sql", "--profile", self.profile, "--target", "pro", "--format", "parquet", "--output",
                 place / f"{table}.parquet", f'select * from {database}.{schema}."{name}"'],
                cwd=self.folder, env=self.env, check=True, capture_output=True,
            )
        return "parquet", place


class Script(Tool):
    """A hand-written script, which does the whole job from all files each time."""

    script = ""

    def __init__(self, folder, inputs, python):
        super().__init__(folder, inputs)
        self.python = python

    def steps(self, job):
        argv = [self.python, PEERS / self.script, self.folder / "tables", *self.files]
        return [Step("script", argv, self.folder, {})]

    def export(self):
        return "parquet", self.folder / "tables"


class DuckDbScript(Script):
    name = "duckdb"
    script = "duckdb_script.py"


class PolarsScript(Script):
    name = "polars"
    script = "polars_script.py"


class Dbt(Tool):
    """dbt with the bundled project's own models: `overlay` has the files that differ, or that only dbt needs."""

    overlay = ""

    def __init__(self, folder, inputs, python, env=None):
        super().__init__(folder, inputs)
        self.python = python
        self.env = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_PROFILES_DIR": ".", **(env or {})}
        copy_project(folder)
        shutil.copytree(PEERS / self.overlay, folder, dirs_exist_ok=True)
        for path in (folder / "models").rglob("_*.yml"):
            self.adapt(path)

    def adapt(self, path):
        """dbt has no thresholds in percent: the same tests are to warn only."""
        text = path.read_text().replace('{severity: error, error_if: "> 20%"}', "{severity: warn}")
        path.write_text(text.replace("    database: data_lake\n", ""))

    def dbt(self):
        return Step("dbt build", [self.python.parent / "dbt", "build", "--target", "pro"], self.folder, self.env)


class DbtDuckDb(Dbt):
    name = "dbt-duckdb"
    overlay = "dbt_duckdb"

    def steps(self, job):
        if job == "noop":
            return [self.dbt()]
        argv = [self.python, PEERS / "load_duckdb.py", self.folder / "pro.duckdb", self.files[-1]]
        return [Step("load", argv, self.folder, {}), self.dbt()]

    def export(self):
        return "duckdb", self.folder / "pro.duckdb"
