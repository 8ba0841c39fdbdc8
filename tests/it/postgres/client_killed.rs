//! A process that dies at any moment leaves the databases as they were before or as they are after, whole.

use std::process::Stdio;

use super::generations::{Generations, moment};

/// How many moments are tried: more by `MEDALLION_KILLS`.
fn moments() -> u32 {
    std::env::var("MEDALLION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[test]
fn killed_at_any_moment_nothing_is_half_done() {
    let Some(generations) = Generations::start() else { return };
    generations.build(1);
    let length = generations.build(2);
    let mut last = 2;
    for number in 3..3 + moments() {
        generations.write(number);
        let mut command = generations.command("build", number);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let after = moment(number, length);
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
        let at = format!("killed after {after:?} of {length:?}");
        generations.check_clean(&at);
        last = generations.check_whole(last, number, &at);
    }
    generations.build(9999);
}
