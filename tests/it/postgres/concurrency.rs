//! Many loads and builds at once lose no row, take none twice, and do not get into each other's way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::pipeline::{HEADER, Pipeline, bundled, on_pro};
use crate::support::Project;

const LOADERS: u32 = 8;
const BUILDERS: u32 = 4;

/// How long: longer by `MEDALLION_SECONDS`.
fn length() -> Duration {
    let seconds = std::env::var("MEDALLION_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

/// A record that nothing else is like.
fn record(loader: u32, number: u32) -> String {
    let id = loader * 1_000_000 + number;
    format!("{id},1.0,2023-03-01,1,Product {loader},1.0,2,1,First,Last,n{id}@x.org,+{id},Land,City\n")
}

fn run(project: &Project, command: &str, file: &str) {
    let vars = format!("{{customer_transactions_path: {file}}}");
    let outcome = project.run(&on_pro(&[command, "--vars", &vars])).succeeds();
    outcome.says_not("deadlock").says_not("could not serialize");
}

/// Loads one file after another, each with new rows and one that was there before. Gives how many rows were loaded.
fn keep_loading(pipeline: &Pipeline, loader: u32, until: Instant) -> u32 {
    let project = bundled(&pipeline.server);
    let file = format!("rows_{loader}.csv");
    let mut rows = 0;
    while Instant::now() < until {
        let records: String = (rows.max(1) - 1..rows + 5).map(|number| record(loader, number)).collect();
        project.write(&file, format!("{HEADER}{records}"));
        run(&project, "load", &file);
        rows += 5;
    }
    rows
}

/// What becomes visible later carries a later time.
fn watch(pipeline: &Pipeline, until: Instant) -> u32 {
    let mut last: Option<(String, String)> = None;
    let mut different = 0;
    while Instant::now() < until {
        let now = pipeline
            .lake("select coalesce(max(load_timestamp), '-infinity'), count(*) from forex.customer_transactions");
        let (latest, count) = now[0].split_once('|').map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
        if let Some((before, counted)) = &last {
            let known = format!("select count(*) from forex.customer_transactions where load_timestamp <= '{before}'");
            assert_eq!(pipeline.lake(&known)[0], *counted, "rows came with an earlier time than {before}");
            different += u32::from(*before != latest);
        }
        last = Some((latest, count));
        std::thread::sleep(Duration::from_millis(20));
    }
    different
}

#[test]
fn eight_loads_and_four_builds_at_once_bring_every_row_exactly_once() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.write_source("");
    pipeline.build();
    let until = Instant::now() + length();
    let (loads, built) = (AtomicU32::new(0), AtomicU32::new(0));
    let (loaded, different) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&pipeline, until));
        for builder in 0..BUILDERS {
            let (pipeline, built) = (&pipeline, &built);
            scope.spawn(move || {
                let project = bundled(&pipeline.server);
                let file = format!("empty_{builder}.csv");
                project.write(&file, HEADER);
                while Instant::now() < until {
                    run(&project, "build", &file);
                    built.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let loaders: Vec<_> = (0..LOADERS)
            .map(|loader| {
                let (pipeline, loads) = (&pipeline, &loads);
                scope.spawn(move || {
                    let rows = keep_loading(pipeline, loader, until);
                    loads.fetch_add(rows / 5, Ordering::Relaxed);
                    (loader, rows)
                })
            })
            .collect();
        let loaded: Vec<(u32, u32)> = loaders.into_iter().map(|thread| thread.join().unwrap()).collect();
        (loaded, watching.join().unwrap())
    });
    pipeline.build();
    let expected: u32 = loaded.iter().map(|(_, rows)| rows).sum();
    let (loads, built) = (loads.load(Ordering::Relaxed), built.load(Ordering::Relaxed));
    let happened = format!("{loads} loads of {expected} rows, {built} builds, {different} states seen");
    assert!(loads > LOADERS && built > 1 && different > 2, "too little to tell: {happened}");
    for (loader, rows) in loaded {
        let ids =
            format!("source_transaction_id::int between {} and {}", loader * 1_000_000, loader * 1_000_000 + rows);
        let silver =
            format!("select count(*), count(distinct source_transaction_id) from silver.transaction where {ids}");
        assert_eq!(pipeline.pro(&silver), [format!("{rows}|{rows}")], "rows of loader {loader}");
    }
    assert_eq!(pipeline.pro("select count(*) from silver.transaction"), [expected.to_string()]);
    assert_eq!(pipeline.pro("select count(*) from gold.transaction_fct"), [expected.to_string()]);
    // A time is of one load: of one loader, and of the five rows that it brought.
    let shared = "select load_timestamp from forex.customer_transactions group by 1 \
                  having count(distinct transaction_id::int / 1000000) > 1 or count(*) > 5";
    assert_eq!(pipeline.lake(shared), Vec::<String>::new(), "two loads have one time");
}
