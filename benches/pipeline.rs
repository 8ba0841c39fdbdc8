//! `medallion build` of the bundled project as a whole process: the first one, and one with nothing new.
//!
//! `MEDALLION_BENCH_INPUT` names another input file, such as one of a million rows from `--example generate`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;

fn input() -> PathBuf {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/customer_transactions.csv");
    std::env::var_os("MEDALLION_BENCH_INPUT").map_or(bundled, PathBuf::from)
}

/// Builds the bundled project into a lake. False when the build failed.
fn build(lake: &Path) -> bool {
    let vars = format!("{{customer_transactions_path: '{}'}}", input().display());
    let status = Command::new(env!("CARGO_BIN_EXE_medallion"))
        .args(["build", "--target", "pro", "--quiet", "--vars", &vars])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("MEDALLION_LAKE", lake)
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn pipeline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(10);
    let folder = || TempDir::new().unwrap();
    group.bench_function("first", |bencher| {
        bencher.iter_batched(folder, |lake| assert!(build(lake.path())), BatchSize::PerIteration);
    });
    let lake = folder();
    assert!(build(lake.path()));
    group.bench_function("nothing new", |bencher| {
        bencher.iter(|| assert!(build(lake.path())));
    });
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
