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
