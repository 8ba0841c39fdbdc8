//! Each layer of the bundled project by itself, built anew from the layer before it; and all tests of what is published.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

#[expect(dead_code, reason = "each bench uses a part of it")]
mod common;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use common::{folder, medallion, short, sizes, transactions};

fn transform(criterion: &mut Criterion) {
    for rows in sizes() {
        let input = transactions(rows);
        let mut group = criterion.benchmark_group(format!("transform/{}", short(rows)));
        group
            .sample_size(10)
            .throughput(Throughput::ElementsAndBytes { elements: rows, bytes: input.metadata().unwrap().len() });
        let lake = folder();
        assert!(medallion(lake.path(), &input, &["build"]));
        for layer in ["bronze", "silver", "gold", "data_marts"] {
            let again = ["run", "--select", layer, "--full-refresh", "--no-reuse"];
            group.bench_function(layer, |bencher| bencher.iter(|| assert!(medallion(lake.path(), &input, &again))));
        }
        let tests = ["test", "--no-reuse"];
        group.bench_function("tests", |bencher| bencher.iter(|| assert!(medallion(lake.path(), &input, &tests))));
        group.finish();
    }
}

criterion_group!(benches, transform);
criterion_main!(benches);
