//! What a run has loaded itself it does not read back from the server.

use super::pipeline::Pipeline;

const TABLES: [&str; 3] = ["bronze.missing_quantity", "silver.transaction", "gold.customer_dim"];

#[test]
fn a_table_that_the_run_loaded_is_not_read_from_the_server() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.server.sql("postgres", "alter database data_lake set log_statement = 'all'");
    let reads = || pipeline.server.log().matches("copy (select").count();
    let dump = || -> Vec<Vec<String>> {
        TABLES.iter().map(|table| pipeline.pro(&format!("select t::text from {table} t order by 1"))).collect()
    };
    pipeline.build();
    assert_eq!(reads(), 0);
    let built = dump();
    // Another process has nothing at hand.
    pipeline.run(&["run", "--full-refresh", "--no-reuse"]).succeeds();
    assert!(reads() > 0, "the log shows what is read");
    assert_eq!(dump(), built);
}

#[test]
fn a_table_into_which_rows_were_merged_is_read_from_the_server() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    pipeline.correct(1, |fields| fields[5] = "77".to_string());
    pipeline.build();
    assert_eq!(pipeline.pro("select count(*) from silver.transaction where quantity = 77"), ["1"]);
    assert_eq!(pipeline.pro("select count(*) from silver.transaction"), ["100"]);
}
