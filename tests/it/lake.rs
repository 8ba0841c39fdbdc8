//! The lake as other Delta readers see it.

use crate::support::Project;

#[test]
fn every_table_is_a_plain_delta_table() {
    let project =
        Project::new().file("models/a.sql", "select 1 as id, timestamp '2020-01-01 00:00:00' as naive, 1.50 as price");
    project.run(&["build"]).succeeds();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = url::Url::from_directory_path(project.path().join("lake/dev/main/a")).unwrap();
    let table = runtime.block_on(async { deltalake::DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap() });
    assert_eq!(table.version(), Some(0));
    let fields: Vec<String> =
        table.snapshot().unwrap().schema().fields().map(|field| field.name().to_string()).collect();
    assert_eq!(fields, ["id", "naive", "price"]);
}

#[test]
fn the_lake_is_where_the_environment_says() {
    let project = Project::bundled().env("MEDALLION_LAKE", "elsewhere/lake");
    project.run(&["load"]).succeeds();
    assert!(project.path().join("elsewhere/lake/data_lake/forex/customer_transactions/_delta_log").is_dir());
}

#[test]
fn any_name_can_be_published_and_read_again() {
    let project = Project::new()
        .file("models/a.sql", "{{ config(alias='gr\u{f6}\u{df}e #1 %20~') }} select 1 as \"W\u{e4}hrung\"");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select \"W\u{e4}hrung\" from dev.main.\"gr\u{f6}\u{df}e #1 %20~\""), "1");
    project.run(&["build", "--no-reuse"]).succeeds();
    assert_eq!(project.value("select count(*) from dev.main.\"gr\u{f6}\u{df}e #1 %20~\""), "1");
}

/// Somebody removed the folder of a table: it is made again, and what is loaded is loaded again.
#[test]
fn a_table_whose_folder_is_gone_is_made_again() {
    for publications in [1, 2] {
        let project = Project::bundled();
        for _ in 0..publications {
            project.run(&["build", "--target", "pro", "--full-refresh"]).succeeds();
        }
        let count = |table: &str| project.value(&format!("select count(*) from {table}"));
        for table in ["data_lake/forex/customer_transactions", "pro/gold/customer_dim", "pro/bronze/missing_quantity"] {
            std::fs::remove_dir_all(project.path().join("lake").join(table)).unwrap();
            let name = table.replace('/', ".");
            project.run(&["sql", &format!("select * from {name}")]).exits(2).says("not found");
            project.run(&["build", "--target", "pro"]).succeeds().says("ERROR=0");
            assert_ne!(count(&name), "0", "{name}");
        }
        project.run(&["build", "--target", "pro"]).succeeds().says("REUSED=69");
        assert_eq!(count("data_lake.forex.customer_transactions"), count("pro.gold.transaction_fct"));
    }
}
