//! A process that dies at any moment leaves the lake as it was before or as it is after, whole.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::Project;

/// How many moments are tried: more by `MEDALLION_KILLS`.
fn moments() -> u32 {
    std::env::var("MEDALLION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Rows of one file.
const ROWS: u32 = 300;

/// A loaded source, tables made from it, and an incremental merge of it.
fn project() -> Project {
    Project::new()
        .file("models/sources.yml", "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        config: {meta: {load: {path: data/n.csv, unique_key: id, columns: [id, {name: generation, type: integer}]}}}\n")
        .file("models/a.sql", "select max(generation) as generation, count(*) as rows from {{ source('raw', 'n') }}")
        .file("models/b.sql", "select generation, rows from {{ ref('a') }}")
        .file("models/c.sql", "select b.generation, b.rows from {{ ref('b') }} b join {{ ref('a') }} a using (generation)")
        .file(
            "models/merged.sql",
            "{{ config(materialized='incremental', unique_key='id') }} select * from {{ source('raw', 'n') }} \
             {% if is_incremental() %} where load_timestamp > (select coalesce(max(load_timestamp), timestamp '1970-01-01') from {{ this }}) {% endif %}",
        )
}

/// A new file: most of its keys are in the table already, some are new, and some of the table's are in it no more.
fn write_generation(project: &Project, number: u32) {
    let rows: String = (number..number + ROWS).map(|id| format!("{id},{number}\n")).collect();
    project.write("data/n.csv", format!("id,generation\n{rows}"));
}

/// What is seen of each table: its newest generation and its rows, the keys among them, and the rows of the newest
/// generation.
fn seen(project: &Project) -> Vec<Vec<u32>> {
    let tables =
        ["dev.main.a", "dev.main.b", "dev.main.c"].map(|table| format!("select generation, rows, 0, 0 from {table}"));
    let keyed = ["dev.main.merged", "data_lake.raw.n"].map(|table| {
        format!(
            "select max(generation), count(*), count(distinct id), \
             count(*) filter (where generation = (select max(generation) from {table})) from {table}"
        )
    });
    let parts: Vec<String> = tables
        .into_iter()
        .chain(keyed)
        .enumerate()
        .map(|(i, sql)| format!("select {i} as i, t.* from ({sql}) as t(a, b, c, d)"))
        .collect();
    let rows = project.rows(&format!("{} order by i", parts.join(" union all ")));
    rows.iter().map(|row| row.split(',').skip(1).map(|value| value.parse().unwrap()).collect()).collect()
}

/// Everything of one state: all models of one generation, no key twice, and the source at most one load ahead.
fn check_whole(project: &Project, last: u32, now: u32, at: &str) -> u32 {
    let seen = seen(project);
    assert_eq!(seen.len(), 5, "{at}: {seen:?}");
    let (a, b, c, merged, source) = (&seen[0], &seen[1], &seen[2], &seen[3], &seen[4]);
    assert!(a == b && b == c && a[..2] == merged[..2], "{at}: {seen:?}");
    for table in [merged, source] {
        assert_eq!(table[1], table[2], "a key stands twice, {at}: {seen:?}");
        assert_eq!(table[3], ROWS, "a part of a file, {at}: {seen:?}");
    }
    assert!(a[0] == now || a[0] == last, "{at}: generation {} after {last}", a[0]);
    assert!(source[0] >= a[0] && source[0] <= now, "{at}: {seen:?}");
    a[0]
}

/// After a build that was let be: every row of the newest file once, and the incremental model is its source.
fn check_complete(project: &Project, number: u32) {
    assert_eq!(check_whole(project, number, number, "after a whole build"), number);
    let differing = "select count(*) from (select id, generation, load_timestamp from data_lake.raw.n except \
                     select id, generation, load_timestamp from dev.main.merged)";
    assert_eq!(project.value(differing), "0");
}

#[test]
fn killed_at_any_moment_the_lake_is_whole() {
    let project = project();
    write_generation(&project, 0);
    project.run(&["build"]).succeeds();
    let length = |command: &str, number| {
        write_generation(&project, number);
        let clock = Instant::now();
        project.run(&[command]).succeeds();
        clock.elapsed()
    };
    let (build, load) = (length("build", 1), length("load", 2));
    let mut last = 1;
    for moment in 0..moments() {
        let number = moment + 3;
        // Loads alone are a part of the time that would be hit seldom.
        let (command, whole) = if moment % 3 == 0 { ("load", load) } else { ("build", build) };
        write_generation(&project, number);
        let mut child = project.command(&[command]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the run's length, a little beyond its end too, in no regular order.
        let part = f64::from(moment * 7919 % 101) / 95.0;
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        child.kill().unwrap();
        child.wait().unwrap();
        last = check_whole(&project, last, number, &format!("{command} killed at {part:.2}"));
        if moment % 10 == 9 {
            project.run(&["build"]).succeeds();
            check_complete(&project, number);
            last = number;
        }
    }
    write_generation(&project, 9999);
    project.run(&["build"]).succeeds();
    check_complete(&project, 9999);
    project.run(&["verify"]).succeeds();
}
