"""A private PostgreSQL cluster, with the server's own defaults (fsync too), that lives as long as the run."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

DATABASES = ("data_lake", "dev", "pro", "peer")


class Cluster:
    """`with Cluster() as cluster`: started in a new folder under /tmp, stopped and removed at the end."""

    def __init__(self):
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not versions and not shutil.which("initdb"):
            raise FileNotFoundError("no initdb under /usr/lib/postgresql/*/bin nor in PATH; install PostgreSQL's server")
        self.bin = versions[-1].parent if versions else Path(shutil.which("initdb")).resolve().parent
        self.folder = Path(tempfile.mkdtemp(prefix="peers-postgres-", dir="/tmp"))
        self.port = free_port()

    # The server refuses to run as root.
    def command(self, *argv):
        root = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*root, *argv], cwd=self.folder, env={**os.environ, "HOME": str(self.folder)}, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{argv[0]} failed: {done.stdout}{done.stderr}")

    def __enter__(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        data = self.folder / "data"
        self.command(self.bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.command(self.bin / "pg_ctl", "-D", data, "-o", options, "-l", self.folder / "log", "-w", "start")
        return self

    def __exit__(self, *_):
        try:
            self.command(self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def env(self):
        """What medallion's profile and the peers' read."""
        return {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self.port), "POSTGRES_USER": "postgres"}

    def psql_argv(self, database, sql):
        return [self.bin / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-X", "-q", "-A", "-t",
                "-v", "ON_ERROR_STOP=1", "-c", sql]

    def psql(self, database, sql) -> str:
        done = subprocess.run(self.psql_argv(database, sql), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{sql}\n{done.stderr}")
        return done.stdout.strip()

    def drop(self, *databases):
        """Databases anew: nothing of an earlier round is there, in the server's buffers neither."""
        for database in databases:
            self.psql("postgres", f"drop database if exists {database} with (force)")
        self.psql("postgres", "checkpoint")

    def version(self) -> str:
        return self.psql("postgres", "select 'PostgreSQL ' || current_setting('server_version')")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
