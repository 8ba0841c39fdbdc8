//! Databases that only read.

use super::pipeline::{Pipeline, on_pro};
use crate::server::Server;
use crate::support::Project;

#[test]
fn a_database_that_only_reads_is_told_before_anything_is_done() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.server.sql("postgres", "alter database pro set default_transaction_read_only = on");
    pipeline.run(&["load"]).succeeds();
    pipeline
        .run(&["run"])
        .exits(2)
        .says("nothing can be written to the database 'pro' at 127.0.0.1")
        .says("its transactions are read-only")
        .says("= help: switch default_transaction_read_only off");
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
        .says("default_transaction_read_only");
    assert_eq!(pipeline.lake("select * from forex.customer_transactions order by 1"), before);
    for database in ["pro", "data_lake"] {
        pipeline.server.sql("postgres", &format!("alter database {database} reset default_transaction_read_only"));
    }
    pipeline.build();
}

/// Everything that is in the bundled project's relations.
fn state(server: &Server) -> Vec<String> {
    let pro = "select 'silver', count(*), sum(price) from silver.transaction union all \
               select 'publication', max(number), count(*) from medallion.publication union all \
               select 'relations', count(*), 0 from pg_class union all \
               select 'monthly', count(*), sum(monthly_revenue) from data_marts.agg_sales_monthly order by 1";
    let lake = "select count(*), max(load_timestamp) from forex.customer_transactions";
    [server.sql("pro", pro), server.sql("data_lake", lake)].concat()
}

/// The project, which takes `server` for its own.
fn against(server: &Server, project: Project) -> Project {
    project.env("POSTGRES_PORT", &server.port().to_string())
}

#[test]
fn a_standby_can_be_read_and_names_itself_before_anything_is_written() {
    let Some(mut pipeline) = Pipeline::start() else { return };
    pipeline.build();
    let standby = Server::standby_of(&pipeline.server);
    let before = state(&standby);
    assert_eq!(before, state(&pipeline.server));
    pipeline.correct(5, |fields| fields[6] = "1".to_string());
    pipeline.project = against(&standby, pipeline.project);
    pipeline.run(&["debug"]).succeeds().says("WARNING: this server is a standby");
    let says_where = |database: &str| {
        let port = standby.port();
        format!("nothing can be written to the database '{database}' at 127.0.0.1:{port}: the server is a standby")
    };
    for (command, database, code) in [("run", "pro", 2), ("build", "data_lake", 1), ("load", "data_lake", 1)] {
        pipeline
            .run(&[command])
            .exits(code)
            .says(&says_where(database))
            .says("= help: connect to its primary: `host` and `port` in profiles.yml")
            .says_not("panicked");
        assert_eq!(state(&standby), before, "after `{command}`");
    }
    pipeline.run(&["setup"]).exits(0);
    pipeline.run(&["test"]).succeeds().says("ERROR=0");
    let count = ["sql", "--format", "csv", "select count(*) from silver.transaction"];
    assert_eq!(pipeline.run(&count).succeeds().stdout.trim(), "count\n100");
    // A database that is not there cannot be made.
    let absent = pipeline.project.read("profiles.yml").replace("dbname: pro", "dbname: absent");
    pipeline.project.write("profiles.yml", absent);
    pipeline.run(&["setup"]).exits(2).says("read-only").says("must be the primary's");
    assert_eq!(pipeline.server.sql("postgres", "select 1 from pg_database where datname = 'absent'").len(), 0);
    // Nothing got through to the primary.
    assert_eq!(state(&pipeline.server), before);
    pipeline.project = against(&pipeline.server, pipeline.project);
    pipeline.project.run(&on_pro(&["load"])).succeeds();
}
