//! The way of a file into its source table: CSV to Arrow alone, on one core and on all, and whole loads.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

mod common;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use medallion::load::columns::{Clean, ColumnSpec, ColumnType, UnknownFields, bind};
use medallion::load::csv::{CsvError, CsvFile, CsvOptions, Pace};

use common::{copy_lake, copy_of, corrections, folder, medallion, short, sizes, transactions};

/// The file's columns as the bundled project loads them, without the cleaned ones: what other readers do.
fn plain(header: &[String]) -> Vec<ColumnSpec> {
    let column = |name: &String| match name.as_str() {
        "customer_id" | "quantity" => ColumnSpec::typed(name, ColumnType::Float8),
        _ => ColumnSpec::text(name),
    };
    header.iter().map(column).collect()
}

/// The columns that the bundled project loads: text as it stands, and cleaned numbers.
fn cleaned(header: &[String]) -> Vec<ColumnSpec> {
    let mut columns = plain(header);
    columns.extend(["price", "tax"].map(|from| ColumnSpec {
        from: Some(from.to_string()),
        clean: Some(Clean::NumberWords),
        ..ColumnSpec::typed(format!("{from}_value"), ColumnType::Float8)
    }));
    columns
}

fn scan(path: &Path, columns: fn(&[String]) -> Vec<ColumnSpec>, threads: usize) -> usize {
    let options = CsvOptions { null_strings: vec![String::new()], ..CsvOptions::default() };
    let file = CsvFile::open(path, options).unwrap();
    let binding = bind(file.header(), &columns(file.header()), UnknownFields::Refuse).unwrap();
    let mut rows = 0;
    let pace = Pace::of_threads(NonZeroUsize::new(threads).unwrap());
    let counted = file.scan(binding, &pace, |chunk| {
        rows += black_box(chunk).batch.num_rows();
        Ok::<(), CsvError>(())
    });
    counted.unwrap();
    rows
}

fn load(criterion: &mut Criterion) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for rows in sizes() {
        let input = transactions(rows);
        let mut group = criterion.benchmark_group(format!("load/{}", short(rows)));
        group
            .sample_size(10)
            .throughput(Throughput::ElementsAndBytes { elements: rows, bytes: input.metadata().unwrap().len() });
        for threads in [1, cores] {
            group.bench_function(format!("csv to arrow, {threads} threads"), |bencher| {
                bencher.iter(|| assert_eq!(scan(&input, plain, threads) as u64, rows));
            });
            group.bench_function(format!("csv to arrow, cleaned, {threads} threads"), |bencher| {
                bencher.iter(|| assert_eq!(scan(&input, cleaned, threads) as u64, rows));
            });
        }
        group.bench_function("into nothing", |bencher| {
            bencher.iter_batched(
                folder,
                |lake| assert!(medallion(lake.path(), &input, &["load"])),
                BatchSize::PerIteration,
            );
        });
        let lake = folder();
        assert!(medallion(lake.path(), &input, &["load"]));
        let loads = [
            ("all rows changed", corrections(rows, "1.0")),
            ("1% changed", corrections(rows, "0.01")),
            ("all rows known", copy_of(rows)),
        ];
        for (name, file) in &loads {
            group.bench_function(*name, |bencher| {
                bencher.iter_batched(
                    || copy_lake(lake.path()),
                    |lake| assert!(medallion(lake.path(), file, &["load"])),
                    BatchSize::PerIteration,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, load);
criterion_main!(benches);
