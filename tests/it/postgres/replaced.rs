//! A table that is made anew: rows that stay are not touched, equal rows are counted.

use super::beside::ground;

/// Each row of `main.m` and whether this transaction or an earlier one wrote it.
const ROWS: &str = "select coalesce(a::text, '-') || ' ' || coalesce(b, '-') || ' ' || n || ' ' || coalesce(j::text, '-') || ' ' || f, xmin::text \
                    from main.m order by 1, 2";

#[test]
fn rows_that_stay_are_left_alone() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(&database, "create table public.given (a int, b text, n numeric, j json, f float8)");
    let give =
        |rows: &str| server.sql(&database, &format!("truncate public.given; insert into public.given values {rows}"));
    give(
        "(1, 'x', 1.0, '{}', 0), (1, 'x', 1.0, '{}', 0), (1, 'x', 1.0, '{}', 0), (2, null, 2, null, 1), \
          (null, null, 3, '[1]', 2), (4, 'y', 4, null, '0')",
    );
    let project = project.file("models/m.sql", "select a, b, n, j, f from public.given");
    project.run(&["build"]).succeeds();
    let before = server.sql(&database, ROWS);
    assert_eq!(before.len(), 6);
    // Of three equal rows two stay; a number that looks otherwise is another, and so is a zero below zero.
    give(
        "(1, 'x', 1.0, '{}', 0), (1, 'x', 1.0, '{}', 0), (2, null, 2, null, 1), (null, null, 3.5, '[1]', 2), \
          (4, 'y', 4, null, '-0'), (5, 'z', 5, '{ }', 3), (5, 'z', 5, '{ }', 3)",
    );
    project.run(&["build"]).succeeds();
    let after = server.sql(&database, ROWS);
    let text = |row: &String| row.split_once('|').unwrap().0.to_string();
    let rows: Vec<String> = after.iter().map(text).collect();
    assert_eq!(
        rows,
        ["- - 3.5 [1] 2", "1 x 1 {} 0", "1 x 1 {} 0", "2 - 2 - 1", "4 y 4 - -0", "5 z 5 { } 3", "5 z 5 { } 3"]
    );
    let stayed: Vec<String> = after.iter().filter(|row| before.contains(row)).map(text).collect();
    assert_eq!(stayed, ["1 x 1 {} 0", "1 x 1 {} 0", "2 - 2 - 1"]);
}
