//! `rollback`: an earlier state of one target, whatever the other targets did since.

use crate::support::Project;

/// Two targets of one lake, and a loaded source that both read.
fn project() -> Project {
    let output = |database: &str| {
        format!("    {database}: {{type: delta, path: lake, database: {database}, schema: main, threads: 2}}\n")
    };
    Project::new()
        .file("profiles.yml", format!("shop:\n  target: dev\n  outputs:\n{}{}", output("dev"), output("pro")))
        .file("data/n.csv", "id,v\n1,old\n")
        .file(
            "models/sources.yml",
            "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        config: {meta: {load: {path: data/n.csv, unique_key: id}}}\n",
        )
        .file("models/m.sql", "select id, v from {{ source('raw', 'n') }}")
}

fn value(project: &Project, database: &str) -> String {
    project.value(&format!("select v from {database}.main.m"))
}

#[test]
fn another_target_stays_as_it_is_and_the_sources_go_back() {
    let project = project();
    project.run(&["build", "--target", "pro"]).succeeds();
    project.write("data/n.csv", "id,v\n1,new\n");
    project.run(&["build", "--target", "dev"]).succeeds();
    project.run(&["build", "--target", "pro"]).succeeds();
    // 1: load, 2: pro, 3: load, 4: dev, 5: pro.
    project.run(&["rollback", "2", "--target", "pro"]).succeeds().says("dev stays as it was");
    assert_eq!(value(&project, "pro"), "old");
    assert_eq!(project.value("select v from data_lake.raw.n"), "old");
    assert_eq!(value(&project, "dev"), "new", "dev was not built at run 2, and must not vanish");
    // Its outcomes stay too: a build of dev makes again only what reads the source that went back.
    project.run(&["run", "--target", "pro"]).succeeds().says("REUSED=1");
    // What the source knows of its files went back with its rows: the new file is loaded again.
    project.run(&["build", "--target", "pro"]).succeeds().says("COPY 1");
    assert_eq!(value(&project, "pro"), "new");
    project.run(&["rollback", "5", "--target", "dev"]).succeeds().says("pro stays as it was");
    assert_eq!(value(&project, "dev"), "new");
}

#[test]
fn a_table_that_came_later_goes_and_comes_back() {
    let project = project();
    project.run(&["build"]).succeeds();
    project.write("models/later.sql", "select 1 as x");
    project.run(&["build"]).succeeds();
    project.run(&["build", "--target", "pro"]).succeeds();
    project.run(&["rollback", "2"]).succeeds();
    project.run(&["sql", "select * from dev.main.later"]).exits(2);
    assert_eq!(project.value("select x from pro.main.later"), "1");
    project.run(&["rollback", "3"]).succeeds();
    assert_eq!(project.value("select x from dev.main.later"), "1");
}

#[test]
fn the_other_targets_need_a_name_and_nothing_else() {
    let project = project();
    project.run(&["build"]).succeeds();
    let with = |database: &str| {
        project.write(
            "profiles.yml",
            format!(
                "shop:\n  target: dev\n  outputs:\n    dev: {{type: delta, path: lake, database: dev, schema: main, threads: 2}}\n    \
                 far: {{type: postgres, host: \"{{{{ env_var('NOT_SET') }}}}\", dbname: {database}, user: x, password: y, schema: z}}\n"
            ),
        );
    };
    with("far");
    project.run(&["rollback", "1"]).succeeds().says("far stays as it was");
    // Which database is to be left alone cannot be told: better none changes.
    with("\"{{ env_var('NOT_SET_EITHER') }}\"");
    project.run(&["rollback", "2"]).exits(2).says("NOT_SET_EITHER").says("profiles.yml");
}
