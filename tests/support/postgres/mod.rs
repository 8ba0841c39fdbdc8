//! A real PostgreSQL server for tests: made by `initdb`, reached by TCP and by a socket, gone with the process.
//!
//! Its users log in by password (SCRAM), so that a wrong one is refused. It runs as another user than root, on a free port,
//! without fsync. A server is stopped, and its folder removed, when the test process ends in whatever way: see `guard`.

#![expect(clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and says why it is left out")]

mod guard;
mod install;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use guard::Guard;
use install::Installation;

const START_LIMIT: Duration = Duration::from_secs(60);

/// The superuser, and its password: one that has to be quoted wherever it is written.
pub const USER: &str = "postgres";
pub const PASSWORD: &str = "Zug'ang \"9\"%40";

/// Says that the tests which need a server are to be left out.
const SKIP: &str = "MEDALLION_SKIP_POSTGRES";

#[derive(Debug)]
pub struct SqlError(pub String);

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SqlError {}

/// What a server is made with, where the usual will not do.
#[derive(Default)]
pub struct Options {
    /// Lines of postgresql.conf.
    pub settings: Vec<String>,
    /// In place of pg_hba.conf.
    pub hba: Option<String>,
    /// Files in the data folder, readable by the server alone.
    pub files: Vec<(String, String)>,
}

pub struct Server {
    folder: PathBuf,
    installation: Installation,
    port: u16,
    guard: Option<Guard>,
}

/// Why tests with a server are left out, if they are. `Err` where there is no server and nobody said that this is fine.
pub fn skipped() -> Result<Option<String>, String> {
    if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
        return Ok(Some(format!("{SKIP}=1")));
    }
    match Installation::find() {
        Some(_) => Ok(None),
        None => Err(format!(
            "no PostgreSQL server is installed (initdb, postgres, psql): install the package postgresql, or leave these \
             tests out with {SKIP}=1"
        )),
    }
}

/// The server that all tests of this process share; each has its own databases and roles. `None`: leave the test out.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    let server = SHARED.get_or_init(|| match skipped() {
        Ok(Some(reason)) => {
            println!("left out: {reason}");
            None
        }
        Ok(None) => Some(Server::start()),
        Err(reason) => panic!("{reason}"),
    });
    server.as_ref()
}

impl Server {
    /// A server of one's own.
    pub fn start() -> Server {
        Server::start_with(&Options::default())
    }

    pub fn start_with(options: &Options) -> Server {
        Server::try_start(options).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_start(options: &Options) -> Result<Server, String> {
        let installation = Installation::find().ok_or("no PostgreSQL server is installed")?;
        let folder = installation.new_folder()?;
        let text = |error: std::io::Error| error.to_string();
        std::fs::write(folder.join("password"), PASSWORD).map_err(text)?;
        let mut initdb = installation.command("initdb", &folder);
        initdb.args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync"]);
        initdb.args(["-U", USER, "--pwfile=password", "-D", "data"]);
        run(initdb)?;
        let data = folder.join("data");
        let mut settings = options.settings.join("\n");
        settings.push_str(
            "\nfsync = off\nfull_page_writes = off\nmax_connections = 200\ntimezone = 'UTC'\ndatestyle = 'ISO, MDY'\n",
        );
        installation.write(&data.join("postgresql.auto.conf"), &settings)?;
        for (name, text) in &options.files {
            installation.write(&data.join(name), text)?;
        }
        if let Some(hba) = &options.hba {
            installation.write(&data.join("pg_hba.conf"), hba)?;
        }
        Server { folder, installation, port: 0, guard: None }.on_a_free_port()
    }

    /// A server that replays what the other does, and can be read. It is to go before that one.
    pub fn standby_of(primary: &Server) -> Server {
        let copied = || {
            let folder = primary.installation.new_folder()?;
            let mut backup = primary.installation.command("pg_basebackup", &folder);
            backup.env("PGPASSWORD", PASSWORD).arg("-h").arg(&primary.folder).args(["-p", &primary.port.to_string()]);
            backup.args(["-U", USER, "-D", "data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
            run(backup)?;
            let installation = primary.installation.clone();
            Server { folder, installation, port: 0, guard: None }.on_a_free_port()
        };
        copied().unwrap_or_else(|error: String| panic!("{error}"))
    }

    fn on_a_free_port(mut self) -> Result<Server, String> {
        // Somebody else may take the port between the look and the start.
        let mut last = String::new();
        for _ in 0..3 {
            self.port = free_port()?;
            match self.run() {
                Ok(()) => return Ok(self),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn run(&mut self) -> Result<(), String> {
        self.guard = Some(Guard::start(&self.installation, &self.folder, self.port)?);
        let started = Instant::now();
        loop {
            let failure = match self.psql("postgres", "select 1") {
                Ok(_) => return Ok(()),
                Err(failure) => failure.0,
            };
            if self.postmaster().is_none() && started.elapsed() > Duration::from_secs(2)
                || started.elapsed() > START_LIMIT
            {
                return Err(format!("postgres did not start: {failure}\n{}", self.log()));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// What the server has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's socket.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The process that all others of the server come from.
    fn postmaster(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// The power fails: every process of the server dies at once.
    pub fn kill9(&mut self) {
        if let Some(postmaster) = self.postmaster() {
            let all: Vec<u32> = std::iter::once(postmaster).chain(install::children(postmaster)).collect();
            let mut kill = Command::new("kill");
            kill.arg("-9").args(all.iter().map(u32::to_string));
            let _ = kill.output();
        }
        self.end();
    }

    /// An orderly stop, which ends all sessions.
    pub fn stop(&mut self) {
        let mut stop = self.installation.command("pg_ctl", &self.folder);
        stop.args(["stop", "-D", "data", "-m", "fast", "-w"]);
        run(stop).unwrap_or_else(|error| panic!("{error}"));
        self.end();
    }

    /// Starts what was stopped or killed, on the same data and port.
    pub fn restart(&mut self) {
        if self.guard.is_some() {
            self.stop();
        }
        for _ in 0..10 {
            match self.run() {
                // The processes that were killed are still going.
                Err(error) if error.contains("pre-existing shared memory block") => self.end(),
                outcome => return outcome.unwrap_or_else(|error| panic!("{error}")),
            }
        }
        panic!("processes of the killed server do not go");
    }

    fn end(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.end_keeping_the_folder();
        }
    }

    /// Makes an empty database; gives its name.
    pub fn create_database(&self, name: &str) -> Result<String, SqlError> {
        self.psql("postgres", &format!("create database \"{name}\"")).map(|_| name.to_string())
    }

    /// Runs SQL as the superuser; a row is its values joined by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> Vec<String> {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }

    pub fn try_sql(&self, database: &str, sql: &str) -> Result<Vec<String>, SqlError> {
        let text = self.psql_with(database, sql, "|", "\n")?;
        Ok(text.lines().map(str::to_string).collect())
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, SqlError> {
        self.psql_with(database, sql, "|", "\n")
    }

    /// What `psql` prints, with these separators.
    pub fn psql_with(&self, database: &str, sql: &str, field: &str, record: &str) -> Result<String, SqlError> {
        let mut psql = Command::new(self.installation.program("psql"));
        psql.env_clear().env("PGPASSWORD", PASSWORD).env("PGCONNECT_TIMEOUT", "10");
        psql.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string(), "-U", USER, "-d", database]);
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-P",
            "null=NULL",
            "-F",
            field,
            "-R",
            record,
            "-c",
            sql,
        ]);
        let output = psql.output().map_err(|error| SqlError(error.to_string()))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(SqlError(String::from_utf8_lossy(&output.stderr).trim().to_string())),
        }
    }
}

fn run(mut command: Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
