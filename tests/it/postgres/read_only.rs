//! Databases that only read.

use super::pipeline::Pipeline;

#[test]
fn a_database_that_only_reads_is_told_before_anything_is_done() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.server.sql("postgres", "alter database pro set default_transaction_read_only = on");
    pipeline.run(&["load"]).succeeds();
    pipeline
        .run(&["run"])
        .exits(2)
        .says("nothing can be written to the database 'pro' at 127.0.0.1")
        .says("= help: the server is a standby, or the database is read-only");
    let relations =
        "select count(*) from pg_class where relnamespace::regnamespace::text in ('silver', 'gold', 'medallion')";
    assert_eq!(pipeline.pro(relations), ["0"]);
    pipeline.server.sql("postgres", "alter database data_lake set default_transaction_read_only = on");
    pipeline.correct(5, |fields| fields[6] = "1".to_string());
    let before = pipeline.lake("select * from forex.customer_transactions order by 1");
    pipeline
        .run(&["build"])
        .exits(1)
        .says("cannot load data_lake.forex.customer_transactions")
        .says("nothing can be written to the database 'data_lake'")
        .says("must be the primary's");
    assert_eq!(pipeline.lake("select * from forex.customer_transactions order by 1"), before);
    for database in ["pro", "data_lake"] {
        pipeline.server.sql("postgres", &format!("alter database {database} reset default_transaction_read_only"));
    }
    pipeline.build();
}
