//! What is done before anything is read: starting, and compiling projects of eleven models and of a thousand.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;

const MODELS: usize = 1000;

fn run(project: &Path, lake: &Path, args: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medallion"));
    command.args(args).current_dir(project).env("MEDALLION_LAKE", lake).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A thousand models in a hundred chains of ten, a macro in each, every tenth described and tested.
fn large() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("dbt_project.yml", "name: large\nprofile: large\nmodels: {+materialized: table}\n".to_string());
    let profile =
        "large:\n  target: dev\n  outputs:\n    dev: {type: delta, path: \"{{ env_var('MEDALLION_LAKE') }}\"}\n";
    write("profiles.yml", profile.to_string());
    write("macros/cents.sql", "{% macro cents(column) %}cast({{ column }} * 100 as bigint){% endmacro %}".to_string());
    let mut properties = "models:\n".to_string();
    for number in 0..MODELS {
        let from = match number % 10 {
            0 => "(select 1 as id, 2 as amount) as first_row".to_string(),
            _ => format!("{{{{ ref('m{}') }}}}", number - 1),
        };
        let columns = "{% for column in ['amount'] %}{{ cents(column) }} as {{ column }}{% endfor %}";
        write(&format!("models/chain_{}/m{number}.sql", number / 10), format!("select id, {columns}\nfrom {from}\n"));
        if number % 10 == 0 {
            properties +=
                &format!("  - name: m{number}\n    columns: [{{name: id, data_tests: [not_null, unique]}}]\n");
        }
    }
    write("models/models.yml", properties);
    folder
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    let lake = TempDir::new().unwrap();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR"));
    group.bench_function("--version", |bencher| bencher.iter(|| assert!(run(bundled, lake.path(), &["--version"]))));
    group.bench_function("bundled", |bencher| bencher.iter(|| assert!(run(bundled, lake.path(), &["compile"]))));
    let large = large();
    group.sample_size(10).throughput(Throughput::Elements(MODELS as u64));
    group.bench_function("1000 models", |bencher| {
        bencher.iter(|| assert!(run(large.path(), lake.path(), &["compile"])))
    });
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
