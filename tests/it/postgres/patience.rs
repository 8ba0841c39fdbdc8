//! A reader that takes its time keeps no other reader waiting, and no run from its end.

use std::time::{Duration, Instant};

use super::generations::Generations;

/// The table that comes first is exchanged too, and must not be held while the other is waited for.
#[test]
fn a_slow_reader_of_one_table_does_not_block_the_readers_of_another() {
    let Some(generations) = Generations::start() else { return };
    generations.project.write("models/earlier.sql", "select generation as g_{{ var('n', 0) }} from {{ ref('a') }}");
    generations.build(1);
    generations.write(2);
    let mut longest = Duration::ZERO;
    std::thread::scope(|scope| {
        let slow = "begin; select count(*) from main.shape; select pg_sleep(6); commit";
        let slow = scope.spawn(|| generations.server.sql("dev", slow));
        std::thread::sleep(Duration::from_millis(200));
        let building = scope.spawn(|| generations.run("build", 2));
        while !slow.is_finished() {
            for table in ["earlier", "shape", "b"] {
                let clock = Instant::now();
                generations.server.sql("dev", &format!("select count(*) from main.{table}"));
                longest = longest.max(clock.elapsed());
            }
        }
        building.join().unwrap().succeeds().says("waiting until its readers are done");
    });
    assert!(longest < Duration::from_secs(3), "a reader waited for {longest:?}");
    generations.check_complete(2);
}
