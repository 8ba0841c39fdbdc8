//! Connections that break while the server goes on.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::generations::{Generations, moment};
use super::keeps_secret;
use crate::server::PASSWORD;
use crate::support::Outcome;

/// How many builds are disturbed: more by `MEDALLION_KILLS`.
fn builds() -> u32 {
    std::env::var("MEDALLION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

const BREAK: &str =
    "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'medallion%'";

/// What a run says that had to begin again.
fn began_again(outcome: &Outcome) -> bool {
    ["running again", "loading again", "trying again"].iter().any(|said| outcome.text().contains(said))
}

#[test]
fn a_run_whose_connections_break_once_is_done_again_and_says_so() {
    let Some(generations) = Generations::start() else { return };
    generations.build(1);
    let length = generations.build(2);
    let mut again = 0;
    for number in 3..3 + builds() {
        generations.write(number);
        let mut command = generations.command("build", number);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The first part of a run is spent without a connection.
        std::thread::sleep(length / 4 + moment(number, length * 3 / 4));
        generations.server.sql("postgres", BREAK);
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        keeps_secret(&generations.project, &outcome, PASSWORD);
        again += u32::from(began_again(&outcome));
        outcome.succeeds();
        generations.check_complete(number);
        generations.check_clean("after a broken connection");
    }
    assert!(again > 0, "no connection broke in time to tell");
}

#[test]
fn connections_that_break_all_the_time_end_a_run_with_a_message() {
    let Some(generations) = Generations::start() else { return };
    generations.build(1);
    let mut last = 1;
    for number in 2..4 {
        generations.write(number);
        let done = AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let _ = generations.server.try_sql("postgres", BREAK);
                    std::thread::sleep(Duration::from_millis(if number == 2 { 10 } else { 120 }));
                }
            });
            let outcome = generations.run("build", number);
            done.store(true, Ordering::Relaxed);
            outcome
        });
        let at = format!("medallion said\n{}", outcome.text());
        let now = generations.check_whole(last, number, &at);
        match outcome.code {
            Some(0) => assert_eq!(now, number, "{at}"),
            Some(1 | 2) => assert_eq!(now, last, "{at}"),
            _ => panic!("{at}"),
        }
        keeps_secret(&generations.project, &outcome, PASSWORD);
        outcome.says_not("panicked");
        last = now;
        generations.check_clean(&at);
    }
    generations.build(9999);
}
