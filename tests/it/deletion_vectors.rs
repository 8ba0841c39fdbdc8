//! A merge into a large table marks the rows it replaces instead of writing their files again.

use std::time::{Duration, SystemTime};

use crate::support::Project;

const ROWS: u32 = 20_000;

/// A table of [`ROWS`] rows; each run after the first sets `value` of every row whose id is `first` more than a multiple
/// of `step`.
const MODEL: &str = "{{ config(materialized='incremental', unique_key='id') }}
select n as id, {{ var('value', 0) }} as value, case when n % 2 = 0 then 'even' end as note, 'text ' || n as text
from generate_series(1, 20000) as s(n)
{% if is_incremental() %} where n % {{ var('step') }} = {{ var('first') }} {% endif %}";

fn project() -> Project {
    let tests = "models: [{name: t, columns: [{name: id, data_tests: [not_null, unique]}, {name: text, data_tests: \
                 [not_null, unique]}, {name: note, data_tests: [{not_null: {config: {severity: warn}}}]}]}]\n";
    let project = Project::new().file("models/t.sql", MODEL).file("models/t.yml", tests);
    project.run(&["build"]).succeeds().says("Got 10000 results");
    project
}

fn change(project: &Project, value: u32, step: u32, first: u32) {
    let vars = format!("{{value: {value}, step: {step}, first: {first}}}");
    project.run(&["build", "--vars", &vars]).succeeds().says("Got 10000 results");
}

fn files(project: &Project, part: &str) -> Vec<String> {
    let entries = std::fs::read_dir(project.path().join("lake/dev/main/t")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains(part)).collect();
    names.sort();
    names
}

const SUMMARY: &str =
    "select count(*), count(distinct id), sum(id), sum(value), count(note), count(distinct text) from main.t";

/// What [`SUMMARY`] gives when the values of the rows are those of `value`.
fn summary(value: impl Fn(u32) -> u32) -> String {
    let values: u32 = (1..=ROWS).map(value).sum();
    format!("{ROWS},{ROWS},{},{values},{},{ROWS}", ROWS * (ROWS + 1) / 2, ROWS / 2)
}

#[test]
fn replaced_rows_are_marked_and_their_files_stay() {
    let project = project();
    let before = files(&project, "part-");
    change(&project, 1, 100, 7);
    assert_eq!(files(&project, "deletion_vector_").len(), 1);
    let after = files(&project, "part-");
    assert!(before.iter().all(|file| after.contains(file)) && after.len() == before.len() + 1, "{before:?} {after:?}");
    assert_eq!(project.rows(SUMMARY), [summary(|id| u32::from(id % 100 == 7))]);
    // Where a filter is, and where only a part of the columns is read.
    assert_eq!(project.value("select count(*) from main.t where id % 100 = 7 and value = 0"), "0");
    assert_eq!(project.value("select min(value) from main.t where id = 19907"), "1");
    assert_eq!(project.value("select count(*) from main.t"), ROWS.to_string());
    // Rows that are gone already are met again, and so are those that took their places.
    change(&project, 3, 100, 7);
    change(&project, 5, 200, 107);
    let value = |id: u32| if id % 200 == 107 { 5 } else { 3 * u32::from(id % 100 == 7) };
    assert_eq!(project.rows(SUMMARY), [summary(value)]);
    assert_eq!(
        project.rows("select value, count(*) from main.t group by value order by 1"),
        ["0,19800", "3,100", "5,100"]
    );
}

#[test]
fn a_file_of_which_much_is_gone_is_written_again() {
    let project = project();
    let first = files(&project, "part-");
    for remainder in 0..8 {
        change(&project, remainder + 1, 50, remainder);
    }
    assert_eq!(project.rows(SUMMARY), [summary(|id| if id % 50 < 8 { id % 50 + 1 } else { 0 })]);
    // A seventh of a file is more than is passed over in vain.
    let newest = (0..=8).rev().map(|version| project.read(&format!("lake/dev/main/t/_delta_log/{version:020}.json")));
    let removed: Vec<String> = newest.filter(|entry| entry.contains("\"remove\"")).collect();
    let rewritten = |file: &String| {
        removed.iter().any(|entry| {
            let names = |kind: &str| entry.lines().any(|line| line.contains(kind) && line.contains(file.as_str()));
            names("\"remove\"") && !names("\"add\"")
        })
    };
    assert!(first.iter().all(rewritten), "{first:?}");
}

#[test]
fn every_state_can_still_be_read_and_brought_back() {
    let project = project();
    change(&project, 1, 100, 7);
    change(&project, 2, 100, 8);
    let sum = |args: &[&str]| {
        let out =
            project.run(&[&["sql", "--format", "csv", "select sum(value) from main.t"], args].concat()).succeeds();
        out.stdout.lines().last().unwrap_or_default().to_string()
    };
    assert_eq!((sum(&["--as-of", "1"]), sum(&["--as-of", "2"]), sum(&[])), ("0".into(), "200".into(), "600".into()));
    project.run(&["rollback", "2"]).succeeds();
    assert_eq!(sum(&[]), "200");
    change(&project, 2, 100, 9);
    assert_eq!(sum(&[]), "600");
    project.run(&["rollback", "1"]).succeeds();
    assert_eq!(project.rows(SUMMARY), [summary(|_| 0)]);
    change(&project, 4, 100, 0);
    assert_eq!(project.rows(SUMMARY), [summary(|id| 4 * u32::from(id % 100 == 0))]);
}

#[test]
fn cleaning_keeps_the_vectors_in_use() {
    let project = project();
    change(&project, 1, 100, 7);
    change(&project, 2, 50, 7);
    assert_eq!(files(&project, "deletion_vector_").len(), 2);
    let old = SystemTime::now() - Duration::from_secs(90 * 24 * 60 * 60);
    for name in files(&project, "") {
        let path = project.path().join("lake/dev/main/t").join(name);
        if path.is_file() {
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        }
    }
    project.run(&["clean", "--older-than", "0m"]).succeeds();
    assert_eq!(files(&project, "deletion_vector_").len(), 1);
    assert_eq!(project.rows(SUMMARY), [summary(|id| 2 * u32::from(id % 50 == 7))]);
    change(&project, 3, 100, 8);
    assert_eq!(project.value("select sum(value) from main.t"), (400 * 2 + 200 * 3).to_string());
}

/// By its log, another reader knows what it has to be able to do.
#[test]
fn the_log_says_that_there_are_vectors() {
    let project = project();
    let entry = |version: u32| project.read(&format!("lake/dev/main/t/_delta_log/{version:020}.json"));
    assert!(!entry(0).contains("deletionVectors"));
    change(&project, 1, 100, 7);
    let said = entry(1);
    for part in [
        "\"deletionVectors\"",
        "\"delta.enableDeletionVectors\":\"true\"",
        "\\\"tightBounds\\\":false",
        "\"storageType\":\"u\"",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    change(&project, 2, 100, 7);
    assert!(!entry(2).contains("\"protocol\""), "{}", entry(2));
}

#[test]
fn many_small_files_become_one() {
    let project = project();
    let live = || {
        let url = url::Url::from_directory_path(project.path().join("lake/dev/main/t")).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let table =
            runtime.block_on(async { deltalake::DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap() });
        table.snapshot().unwrap().log_data().num_files()
    };
    let mut most = 0;
    for first in 0..20 {
        change(&project, first + 1, 1000, first);
        most = most.max(live());
    }
    assert!((10..=17).contains(&most) && live() < 10, "{most} files, then {}", live());
    assert_eq!(project.rows(SUMMARY), [summary(|id| if id % 1000 < 20 { id % 1000 + 1 } else { 0 })]);
}
