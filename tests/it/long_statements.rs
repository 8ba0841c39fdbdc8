//! Generated statements: long chains of operators, which are as deep as they are long.

use crate::support::Project;

fn chain(terms: usize, operator: &str, term: impl Fn(usize) -> String) -> String {
    (0..terms).map(term).collect::<Vec<_>>().join(operator)
}

/// Statements and the first column of their only row.
fn statements() -> Vec<(String, &'static str)> {
    let with_x = |value: &str| format!("select {value} as n from (values (1, 'a')) t(x, y)");
    vec![
        (format!("select count(*) as n from ({}) t", chain(600, " union all ", |i| format!("select {i} as a"))), "600"),
        (with_x(&format!("case when {} then 1 end", chain(2000, " or ", |i| format!("x = {}", i + 1)))), "1"),
        (with_x(&format!("length({})", chain(800, " || ", |_| "y".to_string()))), "800"),
        (with_x(&chain(2000, " + ", |_| "x".to_string())), "2000"),
    ]
}

#[test]
fn long_chains_are_run() {
    let mut project = Project::new();
    for (number, (sql, _)) in statements().into_iter().enumerate() {
        project = project.file(&format!("models/m{number}.sql"), sql);
    }
    project.run(&["build"]).succeeds();
    for (number, (sql, expected)) in statements().into_iter().enumerate() {
        assert_eq!(project.value(&format!("select n from m{number}")), expected, "{number}");
        assert_eq!(project.value(&sql), expected, "{number}");
    }
}

#[test]
fn longer_ones_are_refused() {
    let project = Project::new();
    for operator in [" + ", " or ", " union all select "] {
        let sql = format!("select {}", chain(6_000, operator, |_| "1".to_string()));
        project.run(&["sql", &sql]).exits(2).says("the statement is nested too deeply");
    }
}
