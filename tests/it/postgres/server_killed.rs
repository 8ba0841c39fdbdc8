//! A server that dies at any moment has, after its restart, the state before a run or the one after, whole.

use std::process::Stdio;

use super::generations::{Generations, moment};
use super::keeps_secret;
use crate::server::PASSWORD;
use crate::support::Outcome;

/// How many moments are tried: more by `MEDALLION_KILLS`.
fn moments() -> u32 {
    std::env::var("MEDALLION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

#[test]
fn after_a_crash_of_the_server_nothing_is_half_done() {
    let Some(mut generations) = Generations::start() else { return };
    generations.build(1);
    let length = generations.build(2);
    let mut last = 2;
    for number in 3..3 + moments() {
        generations.write(number);
        let mut command = generations.command("build", number);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let after = moment(number, length);
        std::thread::sleep(after);
        generations.server.kill9();
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        generations.server.restart();
        let at = format!("the server was killed after {after:?} of {length:?}; medallion said\n{}", outcome.text());
        generations.check_clean(&at);
        let now = generations.check_whole(last, number, &at);
        keeps_secret(&generations.project, &outcome, PASSWORD);
        match outcome.code {
            Some(0) => assert_eq!(now, number, "{at}"),
            Some(1 | 2) => {
                let outcome = outcome.says("cannot ").says("127.0.0.1").says_not("panicked");
                let in_doubt = outcome.text().contains("whether the commit took place is not known");
                assert!(now == last || in_doubt, "{at}");
            }
            _ => panic!("{at}"),
        }
        last = now;
    }
    generations.build(9999);
}
