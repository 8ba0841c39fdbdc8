//! `medallion build` of the bundled project as a whole process: the first one, one with nothing new, and one after 1% of
//! the rows were corrected.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

#[expect(dead_code, reason = "each bench uses a part of it")]
mod common;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use common::{copy_lake, corrections, folder, medallion, short, sizes, transactions};

fn pipeline(criterion: &mut Criterion) {
    for rows in sizes() {
        let input = transactions(rows);
        let mut group = criterion.benchmark_group(format!("pipeline/{}", short(rows)));
        group
            .sample_size(10)
            .throughput(Throughput::ElementsAndBytes { elements: rows, bytes: input.metadata().unwrap().len() });
        group.bench_function("first", |bencher| {
            bencher.iter_batched(
                folder,
                |lake| assert!(medallion(lake.path(), &input, &["build"])),
                BatchSize::PerIteration,
            );
        });
        let lake = folder();
        assert!(medallion(lake.path(), &input, &["build"]));
        group.bench_function("nothing new", |bencher| {
            bencher.iter(|| assert!(medallion(lake.path(), &input, &["build"])));
        });
        let corrections = corrections(rows, "0.01");
        group.bench_function("1% changed", |bencher| {
            bencher.iter_batched(
                || copy_lake(lake.path()),
                |lake| assert!(medallion(lake.path(), &corrections, &["build"])),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
