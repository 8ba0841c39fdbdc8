//! Key files of a lake: made beside large data files, never needed, and gone with them.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::Project;

/// Rows by number, with a name each and a kind that many share, and a model of those whose names changed.
fn project(rows: u32) -> Project {
    let table = "{{ config(
    materialized='incremental', unique_key='id',
    indexes=[{'columns': ['id'], 'unique': true}, {'columns': ['name']}, {'columns': ['kind']}, {'columns': ['id', 'kind']}]
) }}
select n as id, 'name ' || (n + {{ var('shift', 0) }}) as name, n % 7 as kind
from generate_series(cast({{ var('from', 1) }} as bigint), cast({{ var('to', ROWS) }} as bigint)) as s(n)";
    let names = "{{ config(
    materialized='incremental', unique_key='name', meta={'delete_orphans': {'to': \"ref('things')\", 'field': 'name'}}
) }}
select name, max(id) as newest from {{ ref('things') }}
{% if is_incremental() %}where name in (select distinct name from {{ changed_rows(ref('things')) }}){% endif %}
group by name";
    let tests = "models: [{name: things, columns: [{name: name, data_tests: [unique]}]}]";
    Project::new()
        .file("models/things.sql", table.replace("ROWS", &rows.to_string()))
        .file("models/names.sql", names)
        .file("models/tests.yml", tests)
}

fn change(project: &Project, from: u32, to: u32, shift: u32) {
    let vars = format!("{{from: {from}, to: {to}, shift: {shift}}}");
    project.run(&["build", "--vars", &vars]).succeeds();
}

fn files(project: &Project, extension: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&project.path().join("lake/dev"), extension, &mut found);
    found
}

fn key_files(project: &Project) -> Vec<PathBuf> {
    files(project, "keys")
}

/// Both tables, whole.
fn tables(project: &Project) -> (Vec<String>, Vec<String>) {
    (project.rows("select * from things order by id"), project.rows("select * from names order by name"))
}

#[test]
fn keys_and_indexed_columns_are_kept_when_a_large_table_is_written() {
    let project = project(200_000);
    project.run(&["build", "--select", "things"]).succeeds();
    let data = files(&project, "parquet");
    // Of the key and of the names; the kinds come again and again.
    assert_eq!(key_files(&project).len(), 2 * data.len(), "{:?}", key_files(&project));
    for file in data {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let of_file = key_files(&project).into_iter().filter(|path| path.to_str().unwrap().contains(stem));
        assert_eq!(of_file.count(), 2);
    }
    assert_eq!(project.value("select count(*) from things where name in ('name 5', 'name 199999', 'name 0')"), "2");
}

#[test]
fn a_key_file_that_is_damaged_or_lost_changes_nothing() {
    let project = project(20_000);
    project.run(&["build"]).succeeds();
    change(&project, 1, 60, 20_000);
    change(&project, 31, 90, 30_000);
    let made = key_files(&project);
    assert!(made.len() >= 3, "{made:?}");
    for (number, file) in made.iter().enumerate() {
        let mut bytes = std::fs::read(file).unwrap();
        let at = if number % 2 == 0 { bytes.len() / 2 } else { 3 };
        bytes[at] ^= 0x20;
        bytes.truncate(bytes.len() - number % 3);
        std::fs::write(file, bytes).unwrap();
    }
    change(&project, 61, 120, 40_000);
    change(&project, 50, 70, 0);
    key_files(&project).iter().for_each(|file| std::fs::remove_file(file).unwrap());
    change(&project, 65, 130, 50_000);
    let incremental = tables(&project);
    assert_eq!(incremental.0.len(), 20_000);
    assert_eq!(incremental.0[64], "65,name 50065,2");
    assert_eq!(incremental.0[49], "50,name 50,1");
    assert_eq!(incremental.1.len(), 20_000);
    // Another way to the second table.
    project.run(&["build", "--select", "names", "--full-refresh"]).succeeds();
    assert_eq!(tables(&project), incremental);
}

#[test]
fn who_only_reads_leaves_the_lake_as_it_is() {
    let project = project(20_000);
    project.run(&["build"]).succeeds();
    change(&project, 1, 60, 20_000);
    key_files(&project).iter().for_each(|file| std::fs::remove_file(file).unwrap());
    let joined =
        "select count(*) from things join (values ('name 70'), ('name 20001'), ('name 1')) as v(name) using (name)";
    assert_eq!(project.value(joined), "2");
    assert!(key_files(&project).is_empty());
    change(&project, 61, 70, 20_000);
    assert!(!key_files(&project).is_empty());
    assert_eq!(project.value(joined), "1");
}

#[test]
fn key_files_go_with_their_data_files() {
    let project = project(20_000);
    project.run(&["build"]).succeeds();
    change(&project, 1, 60, 20_000);
    let (before, data) = (key_files(&project), files(&project, "parquet"));
    project.run(&["build", "--full-refresh"]).succeeds();
    // The tables that are new may have some of their own by now.
    let all = key_files(&project);
    let new: Vec<PathBuf> = all.iter().filter(|file| !before.contains(file)).cloned().collect();
    let age = |project: &Project| {
        let then = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
        for file in files(project, "keys").into_iter().chain(files(project, "parquet")) {
            std::fs::File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
        }
    };
    age(&project);
    // An earlier state still needs the data.
    project.run(&["clean", "--older-than", "30d"]).succeeds().says("Removed 0 earlier states and 0 files");
    assert_eq!(key_files(&project), all);
    let count = format!("and {} files", before.len() + data.len());
    project.run(&["clean", "--older-than", "0m"]).succeeds().says(&count);
    assert_eq!(key_files(&project), new);
    change(&project, 1, 60, 30_000);
    age(&project);
    let kept = key_files(&project);
    assert!(!kept.is_empty());
    project.run(&["clean", "--older-than", "0m"]).succeeds();
    assert_eq!(key_files(&project), kept);
}
