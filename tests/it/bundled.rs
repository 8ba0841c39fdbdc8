//! The bundled project, as a newcomer runs it.

use crate::support::Project;

#[test]
fn the_first_build_publishes_everything_and_the_second_has_nothing_to_do() {
    let project = Project::bundled();
    project.run(&["build", "--target", "pro"]).succeeds().says("ERROR=0 SKIP=0").says("TOTAL=69");
    assert_eq!(project.value("select count(*) from pro.silver.transaction"), "100");
    assert_eq!(project.value("select count(*) from pro.gold.date_dim"), "11323");
    project.run(&["build", "--target", "pro"]).succeeds().says("REUSED=69 TOTAL=69");
    let history = project.run(&["history", "--target", "pro", "--output", "json"]).succeeds().stdout;
    assert_eq!(history.lines().count(), 2, "a build that does nothing publishes nothing:\n{history}");
}

#[test]
fn dev_has_schemas_of_its_own() {
    let project = Project::bundled();
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select count(*) from dev.tester_gold.product_dim"), "5");
}

#[test]
fn columns_and_types_are_those_promised() {
    let project = Project::bundled();
    project.run(&["build", "--target", "pro"]).succeeds();
    let types = |table: &str| {
        let sql = format!(
            "select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) \
             from information_schema.columns where table_schema || '.' || table_name = '{table}'"
        );
        project.rows(&sql).join("")
    };
    assert!(!types("gold.date_dim").is_empty());
    let first = |table: &str| {
        project.run(&["sql", "--format", "csv", &format!("select * from {table} limit 0")]).succeeds().stdout
    };
    assert_eq!(
        first("pro.silver.transaction").trim(),
        "transaction_id,customer_id,product_id,transaction_date,product_name,customer_first_name,customer_last_name,\
         customer_email,customer_phone,customer_location_id,customer_country,customer_city,quantity,price,tax,\
         load_timestamp,source_transaction_id"
    );
    assert_eq!(
        first("pro.gold.transaction_fct").trim(),
        "transaction_id,customer_id,product_id,customer_location_id,transaction_date,quantity,price,tax,load_timestamp"
    );
    assert_eq!(
        first("data_lake.forex.customer_transactions").trim(),
        "transaction_id,transaction_date,product_id,product_name,price,tax,customer_first_name,customer_last_name,\
         customer_email,customer_phone,customer_country,customer_city,customer_id,quantity,price_value,tax_value,\
         load_timestamp"
    );
}

#[test]
fn a_first_run_over_an_empty_lake_does_not_starve_the_runs_after_it() {
    let project = Project::bundled();
    let header = project.read("data/customer_transactions.csv").lines().next().unwrap().to_string();
    project.write("empty.csv", format!("{header}\n"));
    let vars = "{customer_transactions_path: empty.csv}";
    project.run(&["build", "--target", "pro", "--vars", vars]).succeeds();
    assert_eq!(project.value("select count(*) from pro.silver.transaction"), "0");
    project.run(&["build", "--target", "pro"]).succeeds();
    assert_eq!(project.value("select count(*) from pro.silver.transaction"), "100");
}

#[test]
fn a_failing_test_keeps_everything_from_being_seen() {
    let project = Project::bundled();
    project.run(&["build", "--target", "pro"]).succeeds();
    let before = project.rows("select * from pro.gold.transaction_fct order by 1");
    let text = project.read("data/customer_transactions.csv");
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    // Two customers with one e-mail: customer_dim's and silver's unique tests fail.
    let email = lines[1].split(',').nth(10).unwrap().to_string();
    let other = lines[2].split(',').nth(10).unwrap().to_string();
    lines[2] = lines[2].replace(&other, &email);
    project.write("data/customer_transactions.csv", lines.join("\n") + "\n");
    project.run(&["build", "--target", "pro"]).exits(1).says("Nothing was published");
    assert_eq!(project.rows("select * from pro.gold.transaction_fct order by 1"), before);
}

#[test]
fn a_correction_leaves_no_stale_row_and_a_known_quantity_is_forgotten_as_missing() {
    let project = Project::bundled();
    project.run(&["build", "--target", "pro"]).succeeds();
    let missing: u32 = project.value("select count(*) from pro.bronze.missing_quantity").parse().unwrap();
    assert!(missing > 0);
    let text = project.read("data/customer_transactions.csv");
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    // A record without a quantity gets one, and another first name: every natural key it is part of changes.
    let at = (1..lines.len()).find(|i| lines[*i].split(',').nth(5) == Some("") && !lines[*i].contains('"')).unwrap();
    let mut fields: Vec<&str> = lines[at].split(',').collect();
    fields[5] = "7";
    fields[8] = "Renamed";
    lines[at] = fields.join(",");
    project.write("data/customer_transactions.csv", lines.join("\n") + "\n");
    project.run(&["build", "--target", "pro"]).succeeds();
    assert_eq!(project.value("select count(*) from pro.gold.transaction_fct"), "100");
    assert_eq!(project.value("select count(*) from pro.gold.customer_dim"), "100");
    let now: u32 = project.value("select count(*) from pro.bronze.missing_quantity").parse().unwrap();
    assert_eq!(now, missing - 1);
    project.run(&["verify", "--target", "pro"]).succeeds().says_not("DIFFERENT");
}
