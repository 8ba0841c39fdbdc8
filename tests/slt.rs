//! SQL behaviour: every file of `tests/slt` runs once on medallion's engine, once on a real PostgreSQL, and once as the
//! models of a project that the binary builds into a PostgreSQL; all have to give the same text. A PostgreSQL server is
//! started for it; with `MEDALLION_SKIP_POSTGRES=1` those trials are ignored.
//!
//! The values of a row are separated by `|`; null is `NULL`, an empty text `(empty)`. `create table … as` and
//! `create view … as` work on both sides.

#[path = "slt/harness/medallion.rs"]
mod medallion_engine;
#[path = "slt/harness/postgres.rs"]
mod postgres_db;
#[path = "support/postgres/mod.rs"]
#[expect(dead_code, reason = "other tests stop and kill servers")]
mod server;
#[path = "it/support.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "other tests do more with a project, and fail by panicking")]
mod support;
#[path = "slt/harness/warehouse.rs"]
mod warehouse;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sqllogictest::{AsyncDB, MakeConnection, Normalizer, Runner};

use medallion_engine::MedallionDb;
use postgres_db::PostgresDb;
use server::Server;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    for file in slt_files(&root) {
        let name = file.strip_prefix(&root).unwrap_or(&file).with_extension("").display().to_string();
        let path = file.clone();
        trials.push(Trial::test(format!("{name}::medallion"), move || run(&path, || async { MedallionDb::new() })));
        let path = file.clone();
        trials.push(Trial::ignorable_test(format!("{name}::warehouse"), move || {
            on_server(|server| warehouse::run(&path, server))
        }));
        let database = name.replace(['/', '-'], "_");
        trials.push(Trial::ignorable_test(format!("{name}::postgres"), move || {
            on_server(|server| {
                let database = server.create_database(&database)?;
                run(&file, || async { Ok(PostgresDb::new(server, &database)) })
            })
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn on_server(work: impl FnOnce(&Server) -> Result<(), Failed>) -> Result<Completion, Failed> {
    if let Some(reason) = server::skipped()? {
        return Ok(Completion::ignored_with(reason));
    }
    let server = server::shared().ok_or("there is no server")?;
    work(server).map(|()| Completion::Completed)
}

fn slt_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.extension() {
            _ if path.is_dir() => files.extend(slt_files(&path)),
            Some(extension) if extension == "slt" => files.push(path),
            _ => {}
        }
    }
    files.sort();
    files
}

fn run<D: AsyncDB, M: MakeConnection<Conn = D>>(file: &Path, connect: M) -> Result<(), Failed> {
    let mut runner = Runner::new(connect);
    runner.with_normalizer(trimmed);
    runner.with_validator(equal_rows);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(runner.run_file_async(file)).map_err(|error| Failed::from(error.display(false).to_string()))
}

#[expect(clippy::ptr_arg, reason = "the signature is sqllogictest's")]
fn trimmed(text: &String) -> String {
    text.trim().to_string()
}

fn equal_rows(normalizer: Normalizer, actual: &[Vec<String>], expected: &[String]) -> bool {
    let actual = actual.iter().map(|row| normalizer(&row.join("|")));
    actual.eq(expected.iter().map(normalizer))
}

/// What sqllogictest writes for values that cannot be seen.
fn visible(value: Option<&str>) -> String {
    match value {
        None => "NULL".to_string(),
        Some("") => "(empty)".to_string(),
        Some(text) => text.to_string(),
    }
}
