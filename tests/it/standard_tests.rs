//! The standard tests of a table are counted together, in one scan. Each count is what its SQL says.

use serde_json::Value;

use crate::both::in_both_places;
use crate::support::{Place, Project};

const PARENTS: &str = "select n as id, 'p' || n as name from generate_series(1, 900) as s(n)
union all select null, null union all select 7, 'p7'";

/// Nulls, values that stand twice and three times, and values the parents lack, in text, numbers, dates and a name that
/// has to be quoted.
const CHILDREN: &str = r#"select
    n as id,
    case when n % 7 = 0 then null else n % 950 end as parent_id,
    case when n % 11 = 0 then null else 'p' || (n % 930) end as parent_name,
    case when n % 5 = 0 then null else date '2024-01-01' + cast(n % 990 as integer) end as day,
    cast(n % 996 as double precision) as amount,
    nullif(n % 3, 0) as "Odd Name"
from generate_series(1, 1000) as s(n)"#;

/// A test twice: as it is, and with a limit that cuts nothing off, which is left to SQL.
pub fn both(test: &str, column: &str, arguments: &str, condition: &str) -> String {
    let name = format!("{test}_{column}_{}", condition.len()).replace([' ', '"'], "_").to_lowercase();
    let condition = if condition.is_empty() { String::new() } else { format!(", where: \"{condition}\"") };
    let forms = [("together", ""), ("alone", ", limit: 1000000")].map(|(form, limit)| {
        format!(
            "          - {test}:\n              name: {name}_{form}\n{arguments}              config: \
             {{severity: warn{condition}{limit}}}\n"
        )
    });
    forms.concat()
}

fn properties() -> String {
    let mut text = "models:\n  - name: parents\n  - name: children\n    columns:\n".to_string();
    for column in ["id", "parent_id", "parent_name", "day", "amount", "Odd Name"] {
        let quoted = if column == "Odd Name" { "\n        quote: true" } else { "" };
        text += &format!("      - name: {column}{quoted}\n        data_tests:\n");
        for condition in ["", "id > 500 and id <> 700"] {
            text += &both("not_null", column, "", condition);
            text += &both("unique", column, "", condition);
        }
        let field = if column == "parent_name" { "name" } else { "id" };
        let arguments = format!("              to: ref('parents')\n              field: {field}\n");
        if column != "day" {
            text += &both("relationships", column, &arguments, "");
            text += &both("relationships", column, &arguments, "parent_id > 100");
        }
    }
    text
}

/// The failures of each test, by its name.
pub fn failures(project: &Project) -> Vec<(String, u64)> {
    let results: Value = serde_json::from_str(&project.read("target/run_results.json")).unwrap();
    let mut failures: Vec<(String, u64)> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| {
            let name = result["unique_id"].as_str()?.strip_prefix("test.")?.split('.').nth(1)?.to_string();
            Some((name, result["failures"].as_u64()?))
        })
        .collect();
    failures.sort();
    failures
}

fn counted_together_they_are_what_their_sql_says(place: Place) {
    for kind in ["table", "view"] {
        let project = place
            .project()
            .file("models/parents.sql", format!("{{{{ config(materialized='{kind}') }}}}\n{PARENTS}"))
            .file("models/children.sql", format!("{{{{ config(materialized='{kind}') }}}}\n{CHILDREN}"))
            .file("models/models.yml", properties());
        project.run(&["build"]).succeeds().says("ERROR=0");
        let failures = failures(&project);
        assert_eq!(failures.len(), 68, "{failures:#?}");
        for pair in failures.chunks(2) {
            let ((alone, by_sql), (together, counted)) = (&pair[0], &pair[1]);
            assert_eq!(alone.replace("_alone", ""), together.replace("_together", ""));
            assert_eq!(by_sql, counted, "{together} of a {kind}");
        }
        let by_name = |name: &str| failures.iter().find(|(test, _)| test == name).unwrap().1;
        assert_eq!(by_name("not_null_parent_id_0_together"), 142);
        assert_eq!(by_name("unique_amount_0_together"), 4);
        assert_eq!(by_name("relationships_parent_name_0_together"), 27);
    }
}

fn rows_that_were_replaced_are_not_counted(place: Place) {
    let model = "{{ config(materialized='incremental', unique_key='id') }}
select n as id, case when {{ var('bad') }} and n < 10 then null else n % 100 end as value
from generate_series(1, 100) as s(n)";
    let tests = "models: [{name: t, columns: [{name: value, data_tests: [not_null, unique]}]}]\n";
    let project = place.project().file("models/t.sql", model).file("models/t.yml", tests);
    let build = |bad: bool| project.run(&["build", "--vars", &format!("{{bad: {bad}}}"), "--publish", "per-model"]);
    build(false).succeeds();
    build(true).exits(1).says("Got 9 results");
    build(false).succeeds().says("PASS=3");
    let project = place.project().file("models/t.sql", model).file("models/t.yml", tests.replace("[not_null,", "["));
    let build = |bad: bool| project.run(&["build", "--vars", &format!("{{bad: {bad}}}")]);
    build(true).succeeds();
    project.write("models/t.yml", tests);
    build(false).succeeds().says("PASS=3");
}

in_both_places![counted_together_they_are_what_their_sql_says, rows_that_were_replaced_are_not_counted];
