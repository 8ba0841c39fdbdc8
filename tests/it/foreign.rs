//! Another program that writes the lake's Delta tables, at the worst moment: in the place that a publication promised to
//! one of its own entries.

use crate::support::Project;

/// Puts an entry of another program in the place of the last one of a table's log, as if it had been there before the
/// publication, which is visible already, could copy its own. The entry takes out all files.
fn take_the_place(project: &Project, table: &str, version: u32) {
    let log = project.path().join("lake").join(table).join("_delta_log");
    let entry = |version: u32| log.join(format!("{version:020}.json"));
    let mut removes = String::new();
    for version in 0..version {
        let text = std::fs::read_to_string(entry(version)).unwrap();
        for add in text.lines().filter(|line| line.starts_with("{\"add\"")) {
            let path = add.split("\"path\":\"").nth(1).unwrap().split('"').next().unwrap();
            removes.push_str(&format!(
                "{{\"remove\":{{\"path\":\"{path}\",\"deletionTimestamp\":1,\"dataChange\":true}}}}\n"
            ));
        }
    }
    // The name is a second one of what the publication keeps for itself.
    std::fs::remove_file(entry(version)).unwrap();
    std::fs::write(
        entry(version),
        format!("{{\"commitInfo\":{{\"timestamp\":1,\"operation\":\"DELETE\"}}}}\n{removes}"),
    )
    .unwrap();
}

#[test]
fn a_model_whose_entry_another_program_overtook_is_made_again() {
    let project = Project::new()
        .file("models/orders.sql", "select 1 as id, 10 as amount")
        .file("models/totals.sql", "select sum(amount) as total from {{ ref('orders') }}")
        .file("models/other.sql", "select 1 as x");
    project.run(&["build"]).succeeds();
    project.write("models/orders.sql", "select 1 as id, 20 as amount");
    project.run(&["build"]).succeeds();
    take_the_place(&project, "dev/main/orders", 1);
    assert_eq!(project.value("select count(*) from dev.main.orders"), "0");
    project.run(&["build"]).succeeds().says("REUSED=1 TOTAL=3");
    assert_eq!(project.value("select amount from dev.main.orders"), "20");
    assert_eq!(project.value("select total from dev.main.totals"), "20");
    project.run(&["build"]).succeeds().says("REUSED=3 TOTAL=3");
}

#[test]
fn a_file_whose_rows_another_program_overtook_is_loaded_again() {
    let project = Project::new().file("data/n.csv", "id,v\n1,a\n").file(
        "models/sources.yml",
        "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        config: {meta: {load: {path: data/n.csv, unique_key: id}}}\n",
    );
    project.run(&["load"]).succeeds();
    project.write("data/n.csv", "id,v\n1,a\n2,b\nnonsense\n");
    project.run(&["load"]).succeeds().says("1 reject");
    take_the_place(&project, "data_lake/raw/n", 1);
    assert_eq!(project.value("select count(*) from data_lake.raw.n"), "0");
    project.run(&["load"]).succeeds().says("COPY 2");
    assert_eq!(project.rows("select id, v from data_lake.raw.n order by id"), ["1,a", "2,b"]);
    project.run(&["load"]).succeeds().says("taken before");
    // The rejected records are part of what was loaded.
    take_the_place(&project, "data_lake/raw/n__rejects", 1);
    project.run(&["load"]).succeeds().says("1 reject").says("2 unchanged");
    assert_eq!(project.value("select count(*) from data_lake.raw.n__rejects"), "1");
}
