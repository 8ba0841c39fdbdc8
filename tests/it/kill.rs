//! A process that dies at any moment leaves the lake as it was before or as it is after, whole.

use std::time::Duration;

use crate::support::Project;

/// How many moments are tried: more by `MEDALLION_KILLS`.
fn moments() -> u32 {
    std::env::var("MEDALLION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[test]
fn killed_at_any_moment_the_lake_is_whole() {
    let project = Project::new()
        .file("models/sources.yml", "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        config: {meta: {load: {path: data/n.csv, unique_key: id}}}\n")
        .file("models/a.sql", "select generation, count(*) as rows from {{ source('raw', 'n') }} group by 1")
        .file("models/b.sql", "select generation, rows from {{ ref('a') }}")
        .file("models/c.sql", "select b.generation, b.rows from {{ ref('b') }} b join {{ ref('a') }} a using (generation)");
    let generation = |number: u32| {
        let rows: String = (0..300).map(|id| format!("{id},{number}\n")).collect();
        project.write("data/n.csv", format!("id,generation\n{rows}"));
    };
    generation(0);
    project.run(&["build"]).succeeds();
    let whole = std::time::Instant::now();
    generation(1);
    project.run(&["build"]).succeeds();
    let whole = whole.elapsed();
    let mut last = 1;
    for moment in 0..moments() {
        generation(moment + 2);
        let mut child = project.command(&["build"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        // Spread over the run's length, a little beyond its end too, in no regular order.
        let part = f64::from(moment * 7919 % 101) / 95.0;
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = project.rows("select 'a', generation, rows from dev.main.a union all select 'b', generation, rows from dev.main.b union all select 'c', generation, rows from dev.main.c order by 1");
        assert_eq!(seen.len(), 3, "at {part}: {seen:?}");
        let generations: Vec<&str> = seen.iter().map(|row| row.split_once(',').unwrap().1).collect();
        assert!(generations.iter().all(|row| *row == generations[0]), "at {part}: {seen:?}");
        let now: u32 = generations[0].split(',').next().unwrap().parse().unwrap();
        assert!(now == last || now == moment + 2, "at {part}: generation {now} after {last}");
        last = now;
    }
    generation(9999);
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select generation from dev.main.c"), "9999");
}
