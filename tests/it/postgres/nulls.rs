//! How many values are null is written down with each publication, and needs not be counted in the whole table.

use super::beside::ground;

const SOURCE: &str = "sources:\n  - name: raw\n    database: \"{{ target.database }}\"\n    schema: raw\n    tables:\n      - name: n\n        \
config: {meta: {load: {path: data/n.csv, unique_key: id, columns: [{name: id, type: integer}, name]}}}\n        \
columns:\n          - name: name\n            data_tests: [{not_null: {config: {severity: warn}}}]\n";

/// Lines of 500 rows, of which every tenth has no name; `changed` have other names than the first time.
fn rows(changed: &[(u32, &str)]) -> String {
    let name = |id: u32| match changed.iter().find(|(of, _)| *of == id) {
        Some((_, name)) => (*name).to_string(),
        None if id.is_multiple_of(10) => String::new(),
        None => format!("name {id}"),
    };
    let lines: String = (1..=500).map(|id| format!("{id},{}\n", name(id))).collect();
    format!("id,name\n{lines}")
}

#[test]
fn they_follow_from_what_changes() {
    let Some((server, project, database)) = ground() else { return };
    project.write("models/sources.yml", SOURCE);
    let noted =
        || server.sql(&database, "select value -> 'nulls' ->> 'name' from medallion.document where key like 'nulls/%'");
    project.write("data/n.csv", rows(&[]));
    project.run(&["build"]).succeeds().says("WARN 50 ");
    assert_eq!(noted(), ["50"]);
    project.write("data/n.csv", rows(&[(3, ""), (10, "ten"), (20, "twenty"), (30, "thirty")]));
    project.run(&["build"]).succeeds().says("WARN 48 ");
    assert_eq!(noted(), ["48"]);
    // Whoever tests the table goes by that.
    server.sql(
        &database,
        "update medallion.document set value = jsonb_set(value, '{nulls, name}', '77') where key like 'nulls/%'",
    );
    project.run(&["build", "--no-reuse"]).succeeds().says("WARN 77 ");
    // What somebody else changes is counted.
    server.sql(&database, "update raw.n set name = null where id = 1");
    std::thread::sleep(std::time::Duration::from_secs(1));
    project.run(&["build"]).succeeds().says("WARN 49 ");
    // So is what a trigger makes of the rows.
    server.sql(
        &database,
        "create function raw.forget() returns trigger language plpgsql as $$ begin new.name = null; return new; end $$; \
         create trigger forget before insert or update on raw.n for each row execute function raw.forget()",
    );
    project.write("data/n.csv", rows(&[(3, ""), (10, "X"), (20, "XX"), (30, "XXX")]));
    project.run(&["build"]).succeeds().says("WARN 52 ");
    assert_eq!(server.sql(&database, "select count(*) from raw.n where name is null"), ["52"]);
}

#[test]
fn what_a_hook_does_is_not_taken_for_known() {
    let Some((_, project, _)) = ground() else { return };
    let tests = "models:\n  - name: t\n    columns:\n      - name: name\n        data_tests: [{not_null: {config: {severity: warn}}}]\n";
    let project = project
        .file("models/t.yml", tests)
        .file("models/t.sql", "{{ config(post_hook='truncate {{ this }}') }} select null::text as name");
    project.run(&["build"]).succeeds().says("WARN 1 ");
    project.run(&["test", "--no-reuse"]).succeeds().says("WARN=0");
}
