//! Databases in different warehouses: any mix is a matter of profiles.yml.

use crate::server::{self, PASSWORD, Server, USER};
use crate::support::Project;

/// The bundled project with `data_lake` and `pro` as said, one of which is a database of the server.
fn mixed(server: &Server, data_lake: &str, pro: &str) -> Project {
    Project::bundled()
        .env("SHOP_PASSWORD", PASSWORD)
        .file(
            "profiles.yml",
            format!(
                "mixed:\n  target: pro\n  outputs:\n    data_lake:\n{}    pro:\n{}",
                output(server, "data_lake", data_lake),
                output(server, "pro", pro)
            ),
        )
        .file(
            "models/bronze/unknown_quantity.sql",
            "{{ config(materialized='view') }} select * from {{ ref('customer_transactions') }} where quantity is null",
        )
}

fn output(server: &Server, database: &str, kind: &str) -> String {
    let fields = if kind == "delta" {
        format!("type: delta\npath: lake\ndatabase: {database}\nschema: public\n")
    } else {
        format!(
            "type: postgres\nhost: 127.0.0.1\nport: {}\nuser: {USER}\npassword: \"{{{{ env_var('SHOP_PASSWORD') }}}}\"\n\
             dbname: {database}\nschema: public\nthreads: 4\n",
            server.port()
        )
    };
    fields.lines().map(|line| format!("      {line}\n")).collect()
}

fn run(project: &Project, args: &[&str]) -> crate::support::Outcome {
    project.run(&[args, &["--profile", "mixed"]].concat())
}

fn value(project: &Project, sql: &str) -> String {
    let shown = run(project, &["sql", "--format", "csv", sql]).succeeds().stdout;
    shown.lines().nth(1).unwrap().to_string()
}

#[test]
fn the_source_may_stay_in_a_lake_while_the_models_go_to_a_server() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = mixed(&server, "delta", "postgres");
    run(&project, &["setup"]).succeeds();
    assert_eq!(server.sql("postgres", "select count(*) from pg_database where datname = 'data_lake'"), ["0"]);
    run(&project, &["build"]).succeeds().says("ERROR=0 SKIP=0").says("TOTAL=70");
    assert!(project.path().join("lake/data_lake/forex/customer_transactions/_delta_log").is_dir());
    let kinds = "select c.relname || ' ' || c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                 where n.nspname in ('bronze', 'data_marts') and c.relkind in ('v', 'r') order by 1";
    let expected = [
        "agg_sales_country v",
        "agg_sales_customer v",
        "agg_sales_monthly v",
        "customer_transactions r",
        "missing_quantity r",
        "unknown_quantity v",
    ];
    assert_eq!(server.sql("pro", kinds), expected, "the server computes what it can read");
    assert_eq!(server.sql("pro", "select count(*) from bronze.customer_transactions"), ["100"]);
    let missing = server.sql("pro", "select count(*) from bronze.unknown_quantity");
    assert_eq!(server.sql("pro", "select count(*) from bronze.missing_quantity"), missing);
    let both = "select count(*) from data_lake.forex.customer_transactions s \
                join pro.silver.transaction t on t.source_transaction_id = s.transaction_id";
    assert_eq!(value(&project, both), "100");
    run(&project, &["build"]).succeeds().says("REUSED=70 TOTAL=70");
    // A change of the source reaches the table that stands for the view.
    let text = project.read("data/customer_transactions.csv");
    project.write(
        "data/customer_transactions.csv",
        format!("{text}9001,1.0,2023-02-28,9,Product Z,,15,1.5,New,One,new@example.org,+9,Land,Town\n"),
    );
    run(&project, &["build"]).succeeds();
    assert_eq!(server.sql("pro", "select count(*) from bronze.customer_transactions"), ["101"]);
    assert_eq!(server.sql("pro", "select count(*) from gold.transaction_fct"), ["101"]);
    assert_ne!(server.sql("pro", "select count(*) from bronze.unknown_quantity"), missing);
    run(&project, &["verify"]).succeeds().says_not("DIFFERENT");
}

#[test]
fn the_source_may_be_on_a_server_while_the_models_stay_in_a_lake() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = mixed(&server, "postgres", "delta");
    run(&project, &["build"]).exits(1).says("database \"data_lake\" does not exist").says("setup");
    run(&project, &["setup", "data_lake"]).succeeds();
    run(&project, &["build"]).succeeds().says("ERROR=0 SKIP=0").says("TOTAL=70");
    assert_eq!(server.sql("data_lake", "select count(*) from forex.customer_transactions"), ["100"]);
    assert_eq!(server.sql("postgres", "select count(*) from pg_database where datname = 'pro'"), ["0"]);
    assert_eq!(value(&project, "select count(*) from pro.bronze.customer_transactions"), "100");
    let both = "select count(*) from data_lake.forex.customer_transactions s \
                join pro.silver.transaction t on t.source_transaction_id = s.transaction_id";
    assert_eq!(value(&project, both), "100");
    run(&project, &["build"]).succeeds().says("REUSED=70 TOTAL=70");
    run(&project, &["verify"]).succeeds().says_not("DIFFERENT");
    // Somebody else's change is noticed.
    server.sql(
        "data_lake",
        "update forex.customer_transactions set quantity = 3, load_timestamp = now() at time zone 'UTC' \
                             where quantity is null",
    );
    run(&project, &["build"]).succeeds().says_not("REUSED=70");
    assert_eq!(value(&project, "select count(*) from pro.bronze.missing_quantity"), "0");
}

#[test]
fn a_database_without_an_output_of_its_own_is_part_of_the_target() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let profile = format!("mixed:\n  target: pro\n  outputs:\n    pro:\n{}", output(&server, "pro", "postgres"));
    let project = mixed(&server, "postgres", "postgres").file("profiles.yml", profile);
    let outcome = run(&project, &["build"]);
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.text().contains("data_lake"), "{}", outcome.text());
}
