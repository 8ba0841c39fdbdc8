//! `clean`: what no state needs goes, and nothing that a run under way may need.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::Project;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes all files of the lake older.
fn age(project: &Project, by: Duration) {
    fn walk(folder: &Path, then: SystemTime) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, then);
            } else {
                std::fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
            }
        }
    }
    walk(&project.path().join("lake"), SystemTime::now() - by);
}

fn data_files(project: &Project, table: &str) -> usize {
    let entries = std::fs::read_dir(project.path().join("lake").join(table)).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "parquet")).count()
}

fn replaced() -> Project {
    let project = Project::new()
        .file("models/orders.sql", "select 1 as id, 10 as amount")
        .file("models/totals.sql", "select sum(amount) as total from {{ ref('orders') }}");
    project.run(&["build"]).succeeds();
    project.write("models/orders.sql", "select 7 as id, 70 as amount");
    project.run(&["build"]).succeeds();
    project
}

#[test]
fn what_no_kept_state_needs_goes_when_it_is_old() {
    let project = replaced();
    project
        .run(&["clean", "--older-than", "0m", "--dry-run"])
        .succeeds()
        .says("Would remove 1 earlier states and 0 files");
    age(&project, 2 * DAY);
    let dry = "Would remove 1 earlier states and 4 files";
    project.run(&["clean", "--older-than", "0m", "--dry-run"]).succeeds().says(dry);
    assert_eq!(data_files(&project, "dev/main/orders"), 2);
    project.run(&["clean", "--older-than", "1d"]).succeeds().says("Removed 0 earlier states and 2 files");
    project.run(&["clean", "--older-than", "0m"]).succeeds().says("Removed 1 earlier states and 2 files");
    assert_eq!(data_files(&project, "dev/main/orders"), 1);
    assert_eq!(project.value("select total from dev.main.totals"), "70");
    project.run(&["sql", "--as-of", "1", "select 1"]).exits(2);
    project.run(&["clean", "--older-than", "0m"]).succeeds().says("Removed 0 earlier states and 0 files");
    project.write("models/orders.sql", "select 8 as id, 80 as amount");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select total from dev.main.totals"), "80");
}

#[test]
fn files_of_runs_that_died_go_when_they_are_old() {
    let project = replaced();
    let id = "0197f3a2-5e1b-7d51-a1c5-6f4f5a3b2c1d";
    let ours = format!("part-{id}-{}.parquet", id.replace('-', ""));
    // A whole file, half a one, and one of a model that never was published.
    for name in [format!("main/orders/{ours}"), format!("main/orders/{ours}#1"), format!("main/never/{ours}")] {
        project.write(&format!("lake/dev/{name}"), "x");
    }
    project.write("lake/_medallion/unfinished/0197f3a25e1b7d51a1c56f4f5a3b2c1d", "x");
    // What is not ours stays, whatever its age.
    project.write("lake/dev/main/never/mine.parquet", "x");
    project.write("lake/notes.txt", "x");
    project.run(&["clean", "--older-than", "30d"]).succeeds().says("Removed 0 earlier states and 0 files");
    age(&project, 31 * DAY);
    // With the log entries that are in the logs by now.
    project.run(&["clean", "--older-than", "30d"]).succeeds().says("Removed 0 earlier states and 6 files");
    assert!(project.path().join("lake/dev/main/never/mine.parquet").exists());
    assert!(project.path().join("lake/notes.txt").exists());
    assert_eq!(project.value("select total from dev.main.totals"), "70");
    assert_eq!(project.run(&["sql", "--as-of", "1", "select * from dev.main.totals"]).code, Some(0));
}

/// A run that turns a view back into a table goes on with the table's log, which it has read before `clean` looks: were
/// the log gone when it publishes, the table could not be opened.
#[test]
fn the_log_of_a_table_that_became_a_view_stays() {
    let project = Project::new().file("models/a.sql", "select 1 as x");
    project.run(&["build"]).succeeds();
    project.write("models/a.sql", "{{ config(materialized='view') }} select 2 as x");
    project.run(&["build"]).succeeds();
    age(&project, 31 * DAY);
    // As the run that is under way has left them: a data file that nothing names yet, beside a log of long ago.
    let id = "0197f3a2-5e1b-7d51-a1c5-6f4f5a3b2c1d";
    let staged = format!("lake/dev/main/a/part-{id}-{}.parquet", id.replace('-', ""));
    project.write(&staged, "x");
    project.run(&["clean", "--older-than", "0m"]).succeeds().says("Removed 1 earlier states");
    assert!(project.path().join(&staged).exists());
    assert!(project.path().join("lake/dev/main/a/_delta_log/00000000000000000000.json").exists());
    assert_eq!(data_files(&project, "dev/main/a"), 1, "the rows of long ago are gone");
    project.write("models/a.sql", "select 3 as x");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select x from dev.main.a"), "3");
}
