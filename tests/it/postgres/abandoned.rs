//! What a killed run leaves on its own machine goes with the next run, and nothing of a living one does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::project;
use crate::server;
use crate::support::Project;

/// A project whose publication waits for as long as a row of `main.gate` is locked.
fn gated(server: &server::Server, name: &str, temporary: &Path) -> Project {
    server.create_database(name).unwrap();
    server.sql(name, "create table public.gate as select 1 as n");
    let hook = "update public.gate set n = n + 1";
    project(server, name, "")
        .env("TMPDIR", temporary.to_str().unwrap())
        .file("models/m.sql", format!("{{{{ config(materialized='table', pre_hook='{hook}') }}}} select 1 as n"))
}

fn folders(temporary: &Path) -> BTreeSet<String> {
    let entries = temporary.read_dir().unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Starts a build and waits until it has a folder that was not there before. Gives the folder's name.
fn start(project: &Project, temporary: &Path) -> (Child, String) {
    let before = folders(temporary);
    let mut command = project.command(&["build"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    (child, new_folder(temporary, &before))
}

fn new_folder(temporary: &Path, before: &BTreeSet<String>) -> String {
    let clock = Instant::now();
    loop {
        let new = folders(temporary).into_iter().find(|name| !before.contains(name));
        // It comes to be a little before it is locked.
        if let Some(name) = new.filter(|name| temporary.join(name).join("lock").exists()) {
            return name;
        }
        assert!(clock.elapsed() < Duration::from_secs(30), "no folder in {:?}", folders(temporary));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn folders_of_killed_runs_are_swept_and_those_of_living_runs_are_not() {
    let Some(server) = server::shared() else { return };
    let temporary = TempDir::new().unwrap();
    let at = temporary.path();
    let gated = gated(server, "abandoned", at);
    server.create_database("abandoned_2").unwrap();
    let other = project(server, "abandoned_2", "").env("TMPDIR", at.to_str().unwrap());
    std::thread::scope(|scope| {
        let hold = "begin; lock table public.gate; select pg_sleep(8); commit";
        let holding = scope.spawn(|| server.sql("abandoned", hold));
        let (mut killed, abandoned) = start(&gated, at);
        // `kill` is SIGKILL.
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(folders(at).contains(&abandoned), "nothing is left to sweep");
        let (mut living, folder) = start(&gated, at);
        let clock = Instant::now();
        while folders(at) != BTreeSet::from([folder.clone()]) {
            assert!(clock.elapsed() < Duration::from_secs(5), "{abandoned} was to go: {:?}", folders(at));
            std::thread::sleep(Duration::from_millis(10));
        }
        other.write("models/m.sql", "{{ config(materialized='table') }} select 1 as n");
        other.run(&["build"]).succeeds();
        assert_eq!(folders(at), BTreeSet::from([folder]), "the folder of a living run, and nothing else");
        assert!(living.try_wait().unwrap().is_none(), "it was to live until now");
        holding.join().unwrap();
        assert!(living.wait().unwrap().success());
    });
    assert_eq!(folders(at), BTreeSet::new());
    assert_eq!(server.sql("abandoned", "select n from main.m"), ["1"]);
}
