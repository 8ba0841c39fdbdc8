//! Loads: files into source tables.

use crate::support::Project;

const ORDERS: &str = "id,name,price\n1,O'Brien,5\n2,\"Smith, J\",two hundred and five\n3,NA,\"$1,000.5\"\n";

/// A project with one loaded source, `data_lake.raw.orders`.
fn orders(text: &str) -> Project {
    Project::new().file("data/orders.csv", text).file("models/sources.yml", source("data/orders.csv", ""))
}

fn source(path: &str, more: &str) -> String {
    format!(
        "sources:
  - name: raw
    database: data_lake
    schema: raw
    tables:
      - name: orders
        config:
          meta:
            load:
              path: \"{path}\"
              unique_key: id
{more}              columns:
                - id
                - name
                - price
                - {{name: price_value, from: price, type: float8, clean: number_words}}
"
    )
}

const TABLE: &str = "data_lake.raw.orders";

#[test]
fn text_stays_as_it_stands_and_numbers_are_read() {
    let project = orders(ORDERS);
    project.run(&["load"]).succeeds().says("COPY 3");
    assert_eq!(
        project.rows(&format!("select id, name, price, price_value from {TABLE} order by id")),
        ["1,O'Brien,5,5", "2,\"Smith, J\",two hundred and five,205", "3,NA,\"$1,000.5\",1000.5"]
    );
}

#[test]
fn the_same_file_is_not_read_twice_and_the_same_rows_change_nothing() {
    let project = orders(ORDERS);
    project.run(&["load"]).succeeds();
    let before = project.rows(&format!("select * from {TABLE} order by id"));
    project.run(&["load"]).succeeds().says("taken before");
    // The same rows in another order, with one changed and one new.
    project.write("data/orders.csv", "price,name,id\n\"$1,000.5\",NA,3\n6,O'Brien,1\n9,New,4\n");
    project.run(&["load"]).succeeds().says("COPY 2").says("1 unchanged");
    let after = project.rows(&format!("select * from {TABLE} order by id"));
    assert_eq!(after.len(), 4);
    assert_eq!(after[1..3], before[1..3], "rows that did not change keep their load_timestamp");
    assert_ne!(after[0], before[0]);
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    let rows: String = (0..5000).map(|i| format!("{},n{i},{i}\n", i % 100)).collect();
    let project = orders(&format!("id,name,price\n{rows}"));
    project.run(&["load"]).succeeds().says("COPY 100").says("4900 replaced");
    assert_eq!(project.value(&format!("select count(*) from {TABLE}")), "100");
    assert_eq!(project.value(&format!("select min(price_value) from {TABLE}")), "4900");
}

#[test]
fn what_cannot_be_read_is_kept_with_its_place_and_reason() {
    let project = orders("id,name,price\n1,a,1\n2,b\n,c,3\n4,d,nonsense\n5,e,5,6\n");
    project.run(&["load"]).succeeds().says("COPY 2").says("3 rejected").says("1 unreadable in price_value");
    let rejects = project.rows("select line, reason from data_lake.raw.orders__rejects order by line");
    assert_eq!(rejects.len(), 3);
    assert!(rejects[0].starts_with("3,"), "{rejects:?}");
    assert!(rejects[1].starts_with("4,") && rejects[1].contains("id"), "{rejects:?}");
}

#[test]
fn strict_takes_all_or_nothing() {
    let project = orders("id,name,price\n1,a,1\n2,b\n");
    project.run(&["load", "--strict"]).exits(1).says("data/orders.csv:3:");
    project.run(&["sql", &format!("select * from {TABLE}")]).exits(2);
}

#[test]
fn files_that_are_not_as_they_should_be() {
    orders("").run(&["load"]).exits(1).says("empty");
    let header_only = orders("id,name,price\n");
    header_only.run(&["load"]).succeeds().says("COPY 0");
    assert_eq!(header_only.value(&format!("select count(*) from {TABLE}")), "0");
    orders("id,name\n1,a\n").run(&["load"]).exits(1).says("price");
    orders("id,name,price,colour\n1,a,1,red\n").run(&["load"]).exits(1).says("colour");
    let missing = Project::new().file("models/sources.yml", source("data/nowhere.csv", ""));
    missing.run(&["load"]).exits(1).says("data/nowhere.csv").says("models/sources.yml");
}

#[test]
fn several_files_are_loaded_in_the_order_of_their_names() {
    let project = Project::new()
        .file("data/2.csv", "id,name,price\n1,second,2\n")
        .file("data/1.csv", "id,name,price\n1,first,1\n2,other,1\n")
        .file("models/sources.yml", source("data/*.csv", ""));
    project.run(&["load"]).succeeds();
    assert_eq!(project.rows(&format!("select id, name from {TABLE} order by id")), ["1,second", "2,other"]);
    project.write("data/3.csv", "id,name,price\n2,third,3\n");
    project.run(&["load"]).succeeds().says("COPY 1");
}

#[test]
fn a_later_load_is_always_later() {
    let project = orders(ORDERS);
    project.run(&["load"]).succeeds();
    project.write("data/orders.csv", "id,name,price\n9,new,1\n");
    project.run(&["load"]).succeeds();
    let later = format!(
        "select count(*) from {TABLE} where id = '9' and load_timestamp > (select max(load_timestamp) from {TABLE} where id <> '9')"
    );
    assert_eq!(project.value(&later), "1");
}

#[test]
fn loads_at_the_same_time_lose_nothing() {
    let project = Project::new();
    let mut sources = String::from("sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n");
    sources.push_str("      - name: orders\n        config:\n          meta:\n            load: {path: \"{{ var('file', 'none.csv') }}\", unique_key: id}\n");
    project.write("models/sources.yml", sources);
    let mut children = Vec::new();
    for loader in 0..6 {
        let file = format!("data/{loader}.csv");
        let rows: String = (0..200).map(|i| format!("{loader}-{i},x\n")).collect();
        project.write(&file, format!("id,name\n{rows}"));
        children.push(project.command(&["load", "--vars", &format!("{{file: {file}}}")]).spawn().unwrap());
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(project.value(&format!("select count(*) from {TABLE}")), "1200");
    // Each load has a timestamp of its own.
    assert_eq!(project.value(&format!("select count(distinct load_timestamp) from {TABLE}")), "6");
}

#[test]
fn a_refresh_from_other_files_forgets_the_files_that_were_taken() {
    let project = orders(ORDERS).file("july.csv", "id,name,price\n9,july,1\n");
    let with = |path: &str| project.write("models/sources.yml", source(path, ""));
    project.run(&["load"]).succeeds();
    with("july.csv");
    project.run(&["load", "--full-refresh"]).succeeds();
    assert_eq!(project.value(&format!("select count(*) from {TABLE}")), "1");
    with("data/orders.csv");
    project.run(&["load"]).succeeds().says("COPY 3");
    assert_eq!(project.value(&format!("select count(*) from {TABLE}")), "4");
}

#[test]
fn without_a_key_the_table_is_its_files() {
    let project = Project::new().file("data/a.csv", "n\n1\n").file(
        "models/sources.yml",
        "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: orders\n        config: {meta: {load: {path: data/*.csv}}}\n",
    );
    project.run(&["load"]).succeeds();
    project.write("data/b.csv", "n\n2\n");
    project.run(&["load"]).succeeds();
    assert_eq!(project.rows(&format!("select n from {TABLE} order by n")), ["1", "2"]);
}

#[test]
fn a_column_may_have_a_dot_in_its_name() {
    let yaml = "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: orders\n        config: {meta: {load: {path: data/a.csv, unique_key: id}}}\n";
    let project = Project::new().file("data/a.csv", "id,unit.price\n1,5\n2,6\n").file("models/sources.yml", yaml);
    project.run(&["load"]).succeeds();
    project.write("data/a.csv", "id,unit.price\n2,7\n");
    project.run(&["load"]).succeeds();
    assert_eq!(project.rows(&format!("select id, \"unit.price\" from {TABLE} order by id")), ["1,5", "2,7"]);
}

#[test]
fn without_a_header_the_columns_are_named_in_order() {
    let properties = "sources:
  - name: raw
    database: data_lake
    schema: raw
    tables:
      - name: orders
        config: {meta: {load: {path: data/orders.csv, unique_key: id, csv: {header: false}, columns: [id, name]}}}
";
    let project = Project::new().file("data/orders.csv", "1,a\n2,b\n").file("models/sources.yml", properties);
    project.run(&["load"]).succeeds().says("COPY 2");
    assert_eq!(project.rows(&format!("select id, name from {TABLE} order by id")), ["1,a", "2,b"]);
}
