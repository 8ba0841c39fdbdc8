//! Guarantee 3 on a server: after any sequence of loads and runs, the tables are what a full refresh makes of them.

use super::pipeline::{Pipeline, on_pro};
use crate::incremental::{check_in, check_sequences};

#[test]
fn incremental_equals_full_after_any_sequence() {
    let Some(pipeline) = Pipeline::start() else { return };
    check_sequences(2, |steps| {
        for database in ["data_lake", "pro"] {
            pipeline.server.sql("postgres", &format!("drop database {database} with (force)"));
        }
        pipeline.run(&["setup"]).succeeds();
        let read = |table: &str| pipeline.pro(&format!("select * from {table}"));
        check_in(&pipeline.project, &on_pro(&[]), &read, steps);
    });
}
