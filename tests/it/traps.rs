//! What the platform that medallion replaces got wrong, each a test here.

use crate::support::Project;

const HEADER: &str = "transaction_id,customer_id,transaction_date,product_id,product_name,quantity,price,tax,\
customer_first_name,customer_last_name,customer_email,customer_phone,customer_country,customer_city\n";

/// A project whose input is these records: id, date, product id, price, first name; the rest is plain.
fn project(records: &[(&str, &str, &str, &str, &str)]) -> Project {
    let lines: String = records
        .iter()
        .map(|(id, date, product, price, first)| {
            format!("{id},1.0,{date},{product},Thing,2.0,{price},1.5,\"{first}\",Last,{id}@x.org,+{id},Land,City\n")
        })
        .collect();
    Project::bundled().file("data/customer_transactions.csv", format!("{HEADER}{lines}"))
}

const SOURCE: &str = "data_lake.forex.customer_transactions";

#[test]
fn numeric_ids_keep_their_zeros_and_names_their_apostrophes() {
    let project = project(&[("007", "2023-07-01", "01", "5", "O'Brien"), ("8", "2023-07-02", "02", "6", "D''Arcy")]);
    project.run(&["build", "--target", "pro"]).succeeds();
    let rows =
        project.rows(&format!("select transaction_id, product_id, customer_first_name from {SOURCE} order by 1"));
    assert_eq!(rows, ["007,01,O'Brien", "8,02,D''Arcy"]);
    assert_eq!(
        project.value("select count(*) from pro.silver.transaction where customer_first_name = 'O''Brien'"),
        "1"
    );
}

#[test]
fn words_that_look_like_nothing_stay_words() {
    let project = project(&[("1", "2023-07-01", "NA", "5", "NA"), ("2", "2023-07-01", "null", "5", "None")]);
    project.run(&["load"]).succeeds();
    let rows = project.rows(&format!("select product_id, customer_first_name from {SOURCE} order by transaction_id"));
    assert_eq!(rows, ["NA,NA", "null,None"]);
}

#[test]
fn odd_numbers_and_dates_cost_their_own_value_only() {
    let long = "one hundred and twenty three thousand four hundred and fifty six point seven eight nine";
    let project = project(&[
        ("1", "2023-07-01", "1", "\"1,000.5\"", "A"),
        ("2", "2023-02-30", "1", "$5", "B"),
        ("3", "07/25/2023", "1", "one hundred and fifteen", "C"),
        ("4", "25/07/2023", "1", "\"one thousand, two hundred\"", "D"),
        ("5", "2023/07/05", "1", long, "E"),
        ("6", "05-07-23", "1", "6", "F"),
        ("7", "2023-07-07 10:11:12", "1", "7", "G"),
        ("8", "2023-07-08", "1", "8", "H"),
        ("9", "2023-07-09", "1", "9", "I"),
        ("10", "2023-07-10", "1", "10", "J"),
    ]);
    project.run(&["build", "--target", "pro"]).succeeds();
    let rows = project.rows(
        "select source_transaction_id, transaction_date, price from pro.silver.transaction \
         order by cast(source_transaction_id as integer) limit 7",
    );
    assert_eq!(
        rows,
        [
            "1,2023-07-01,1000.5",
            "2,,5",
            "3,,115",
            "4,2023-07-25,1200",
            "5,2023-07-05,123456.789",
            "6,2023-07-05,6",
            "7,2023-07-07,7"
        ]
    );
}

#[test]
fn a_corrected_date_replaces_the_old_transaction() {
    let before = project(&[("1", "2023-07-01", "1", "5", "A"), ("2", "2023-07-02", "1", "5", "B")]);
    before.run(&["build", "--target", "pro"]).succeeds();
    let text = before.read("data/customer_transactions.csv").replace("2023-07-02", "2023-08-02");
    before.write("data/customer_transactions.csv", text);
    before.run(&["build", "--target", "pro"]).succeeds();
    let dates = before.rows("select transaction_date from pro.gold.transaction_fct order by 1");
    assert_eq!(dates, ["2023-07-01", "2023-08-02"]);
}

#[test]
fn two_places_that_share_a_key_are_told() {
    // `A-B` + `C` and `A` + `B-C` give one md5 under dbt's rule.
    let project = Project::bundled().file(
        "data/customer_transactions.csv",
        format!(
            "{HEADER}1,1.0,2023-07-01,1,T,1.0,1,1,A,L,1@x,+1,C,A-B\n2,1.0,2023-07-01,1,T,1.0,1,1,B,L,2@x,+2,B-C,A\n"
        ),
    );
    project.run(&["build", "--target", "pro"]).exits(1).says("unique_location_dim_id");
}

/// A load that is open while a run reads must not be lost to all later runs.
#[test]
fn loads_and_builds_at_the_same_time_lose_nothing() {
    let project = Project::new()
        .file("data/0.csv", "id,name\n0-0,x\n")
        .file(
            "models/sources.yml",
            "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        config: {meta: {load: {path: \"{{ var('file', 'data/0.csv') }}\", unique_key: id}}}\n",
        )
        .file(
            "models/copied.sql",
            "{{ config(materialized='incremental', unique_key='id') }} select * from {{ source('raw', 'n') }} \
             {% if is_incremental() %} where load_timestamp > (select coalesce(max(load_timestamp), timestamp '1970-01-01') from {{ this }}) {% endif %}",
        );
    project.run(&["build"]).succeeds();
    let mut children = Vec::new();
    for loader in 1..=5 {
        let rows: String = (0..50).map(|i| format!("{loader}-{i},x\n")).collect();
        let file = format!("data/{loader}.csv");
        project.write(&file, format!("id,name\n{rows}"));
        children.push(project.command(&["load", "--vars", &format!("{{file: {file}}}")]).spawn().unwrap());
        children.push(project.command(&["run"]).spawn().unwrap());
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    project.run(&["run"]).succeeds();
    assert_eq!(project.value("select count(*) from data_lake.raw.n"), "251");
    assert_eq!(project.value("select count(*) || ' ' || count(distinct id) from dev.main.copied"), "251 251");
    project.run(&["verify"]).succeeds();
}

/// No password in an artifact, a log or an error.
#[test]
fn secrets_are_shown_nowhere() {
    let project = Project::new()
        .file("models/a.sql", "select 1 as id")
        .file(
            "profiles.yml",
            "shop:\n  target: dev\n  outputs:\n    dev:\n      type: delta\n      path: lake\n      database: dev\n      schema: main\n      threads: 2\n      password: \"{{ env_var('SHOP_PASSWORD') }}\"\n",
        )
        .env("SHOP_PASSWORD", "hunter2-very-secret");
    let texts = [
        project.run(&["build", "--log-format", "json", "--log-level", "debug", "--log-path", "logs"]).succeeds().text(),
        project.run(&["debug"]).succeeds().text(),
        project.read("target/manifest.json"),
        project.read("target/run_results.json"),
        project.read("logs/medallion.log"),
    ];
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
