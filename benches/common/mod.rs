//! What the benches share: input files of the sizes asked for, and the program itself.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Rows of the inputs: `MEDALLION_BENCH_ROWS`, a comma between two sizes, or 100,000 and a million.
pub fn sizes() -> Vec<u64> {
    let asked = std::env::var("MEDALLION_BENCH_ROWS").unwrap_or_else(|_| "100000,1000000".to_string());
    asked.split(',').map(|rows| rows.trim().replace('_', "").parse().unwrap()).collect()
}

/// `100k`, `1m`.
pub fn short(rows: u64) -> String {
    match rows {
        rows if rows.is_multiple_of(1_000_000) => format!("{}m", rows / 1_000_000),
        rows if rows.is_multiple_of(1_000) => format!("{}k", rows / 1_000),
        rows => rows.to_string(),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn inputs() -> PathBuf {
    let folder = std::env::temp_dir().join("medallion-bench");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn generate(name: &str, args: &[&str]) -> PathBuf {
    let path = inputs().join(name);
    if !path.exists() {
        let made = path.with_extension("part");
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string());
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--release", "--example", "generate", "--"]).args(args).arg("-o").arg(&made);
        assert!(command.current_dir(root()).stdout(Stdio::null()).status().unwrap().success());
        std::fs::rename(made, &path).unwrap();
    }
    path
}

/// A file of so many customer transactions; made once.
pub fn transactions(rows: u64) -> PathBuf {
    generate(&format!("{}.csv", short(rows)), &["--rows", &rows.to_string(), "--seed", "1"])
}

/// A file of corrections to a share of them.
pub fn corrections(rows: u64, share: &str) -> PathBuf {
    let of = transactions(rows);
    let name = format!("{}-corrected-{share}.csv", short(rows));
    generate(&name, &["--corrections", share, "--of", &of.display().to_string()])
}

/// The same transactions in a file of another name, so that it is not known to be taken.
pub fn copy_of(rows: u64) -> PathBuf {
    let copy = inputs().join(format!("{}-copy.csv", short(rows)));
    std::fs::copy(transactions(rows), &copy).unwrap();
    copy
}

/// Runs the program on the bundled project, with its lake in a folder. False when it failed.
pub fn medallion(lake: &Path, input: &Path, args: &[&str]) -> bool {
    let vars = format!("{{customer_transactions_path: '{}'}}", input.display());
    let status = Command::new(env!("CARGO_BIN_EXE_medallion"))
        .args(args)
        .args(["--target", "pro", "--quiet", "--vars", &vars])
        .current_dir(root())
        .env("MEDALLION_LAKE", lake)
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A copy of a lake that a bench may change.
pub fn copy_lake(lake: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                // Data files never change, and everything else is replaced by another file.
                std::fs::hard_link(entry.path(), target).unwrap();
            }
        }
    }
    let folder = TempDir::new_in(inputs()).unwrap();
    copy(lake, folder.path());
    folder
}

pub fn folder() -> TempDir {
    TempDir::new_in(inputs()).unwrap()
}
