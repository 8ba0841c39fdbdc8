//! What each way of staging does to the rows that are there.

use medallion::warehouse::{StageMode, Staged};

use super::ground::{Ground, delete_insert, key, merge, merge_changed, replace};
use super::on_both;
use super::rows::Rows;

const COLUMNS: &str = "id int, name text";

fn rows(rows: &[&str]) -> Rows {
    Rows::of(COLUMNS).with(rows)
}

async fn replacing_leaves_the_staged_rows_and_no_other(ground: Ground) {
    let name = ground.name("t");
    let (_, there) = ground.publish(&name, &rows(&["1|a", "1|a", "2|b", "NULL|c"]), replace()).await;
    assert_eq!(there, ["1|a", "1|a", "2|b", "NULL|c"]);
    let (staged, there) = ground.publish(&name, &rows(&["1|a", "2|x", "2|x", "NULL|c"]), replace()).await;
    assert_eq!(there, ["1|a", "2|x", "2|x", "NULL|c"]);
    assert_eq!((staged.rows, staged.duplicates), (4, 0));
    let (_, there) = ground.publish(&name, &rows(&[]), replace()).await;
    assert_eq!(there, Vec::<String>::new());
}

async fn replacing_by_key_keeps_the_last_of_a_key(ground: Ground) {
    let name = ground.name("t");
    let by_key = || StageMode::Replace { unique_key: key(&["id"]) };
    let first = Rows::of(COLUMNS).with(&["1|a", "NULL|n", "2|b"]).and(&["1|c"]).with(&["2|d", "NULL|n"]);
    let (staged, there) = ground.publish(&name, &first, by_key()).await;
    assert_eq!(there, ["1|c", "2|d", "NULL|n", "NULL|n"]);
    assert_eq!((staged.rows, staged.duplicates), (4, 2));
    let (_, there) = ground.publish(&name, &rows(&["3|x", "3|y"]), by_key()).await;
    assert_eq!(there, ["3|y"]);
}

async fn appending_keeps_all(ground: Ground) {
    let name = ground.name("t");
    let (_, there) = ground.publish(&name, &rows(&["1|a"]), StageMode::Append).await;
    assert_eq!(there, ["1|a"]);
    let (staged, there) = ground.publish(&name, &rows(&["1|a", "NULL|NULL"]), StageMode::Append).await;
    assert_eq!(there, ["1|a", "1|a", "NULL|NULL"]);
    assert_eq!(staged, Staged { rows: 2, changed: true, ..Staged::default() });
    let (staged, _) = ground.publish(&name, &rows(&[]), StageMode::Append).await;
    assert_eq!(staged, Staged::default());
}

async fn merging_takes_the_place_of_a_key_and_the_last_wins(ground: Ground) {
    let name = ground.name("t");
    let (_, there) = ground.publish(&name, &rows(&["1|a", "2|b", "1|c", "NULL|n"]), merge(&["id"])).await;
    assert_eq!(there, ["1|c", "2|b", "NULL|n"]);
    let staged = Rows::of(COLUMNS).with(&["2|x", "3|y"]).with(&["3|z", "NULL|m"]).with(&[]).with(&["2|last"]);
    let (staged, there) = ground.publish(&name, &staged, merge(&["id"])).await;
    assert_eq!(there, ["1|c", "2|last", "3|z", "NULL|m", "NULL|n"], "a null key meets nothing");
    assert_eq!((staged.rows, staged.duplicates), (3, 2));
    let (staged, _) = ground.publish(&name, &rows(&[]), merge(&["id"])).await;
    assert_eq!(staged, Staged::default());
}

async fn a_merge_takes_all_stored_rows_of_a_key_away(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "1|b", "2|c"]), replace()).await;
    let (_, there) = ground.publish(&name, &rows(&["1|x"]), merge(&["id"])).await;
    assert_eq!(there, ["1|x", "2|c"]);
}

async fn deleting_and_inserting_keeps_equal_keys(ground: Ground) {
    let name = ground.name("t");
    let (_, there) = ground.publish(&name, &rows(&["1|a", "1|b", "NULL|n"]), delete_insert(&["id"])).await;
    assert_eq!(there, ["1|a", "1|b", "NULL|n"]);
    let (staged, there) = ground.publish(&name, &rows(&["1|x", "1|y", "1|x", "NULL|m"]), delete_insert(&["id"])).await;
    assert_eq!(there, ["1|x", "1|x", "1|y", "NULL|m", "NULL|n"]);
    assert_eq!((staged.rows, staged.duplicates), (4, 0));
}

async fn rows_that_did_not_change_stay_as_they_are(ground: Ground) {
    let name = ground.name("t");
    let of = |rows: &[&str]| Rows::of("id int, name text, price float, load_timestamp timestamp").with(rows);
    let mode = || merge_changed(&["id"], &["load_timestamp"]);
    let first = of(&[
        "1|a|1.5|2020-01-01T00:00:00",
        "2|NULL|NULL|2020-01-01T00:00:00",
        "3|c|0|2020-01-01T00:00:00",
        "NULL|n|0|2020-01-01T00:00:00",
    ]);
    ground.publish(&name, &first, mode()).await;
    let again = of(&[
        "1|a|1.5|2021-01-01T00:00:00",
        "2|NULL|NULL|2021-01-01T00:00:00",
        "3|other|0|2021-01-01T00:00:00",
        "3|c|NULL|2021-01-01T00:00:00",
        "4|new|-0.0|2021-01-01T00:00:00",
    ]);
    let (staged, there) = ground.publish(&name, &again, mode()).await;
    let expected = [
        "1|a|1.5|2020-01-01T00:00:00",
        "2|NULL|NULL|2020-01-01T00:00:00",
        "3|c|NULL|2021-01-01T00:00:00",
        "4|new|-0.0|2021-01-01T00:00:00",
        "NULL|n|0.0|2020-01-01T00:00:00",
    ];
    assert_eq!(there, expected);
    assert_eq!((staged.rows, staged.unchanged, staged.duplicates), (2, 2, 1));
    let same = of(&["4|new|0.0|2022-01-01T00:00:00", "1|a|1.5|2022-01-01T00:00:00"]);
    let (staged, there) = ground.publish(&name, &same, mode()).await;
    assert_eq!(there, expected);
    assert_eq!(staged, Staged { unchanged: 2, ..Staged::default() });
}

async fn a_composite_key_counts_as_a_whole(ground: Ground) {
    let name = ground.name("t");
    let of = |rows: &[&str]| Rows::of("a text, b int, v text").with(rows);
    ground.publish(&name, &of(&["x|1|a", "x|2|b", "y|1|c", "x|NULL|d", "NULL|1|e"]), merge(&["a", "b"])).await;
    let (staged, there) =
        ground.publish(&name, &of(&["x|2|B", "y|2|f", "x|NULL|D", "x|2|BB"]), merge(&["a", "b"])).await;
    assert_eq!(there, ["NULL|1|e", "x|1|a", "x|2|BB", "x|NULL|D", "x|NULL|d", "y|1|c", "y|2|f"]);
    assert_eq!((staged.rows, staged.duplicates), (3, 1));
}

async fn no_rows_make_a_table_all_the_same(ground: Ground) {
    for (table, mode) in [("a", replace()), ("b", StageMode::Append), ("c", merge(&["id"]))] {
        let name = ground.name(table);
        let (_, there) = ground.publish(&name, &Rows::of(COLUMNS), mode).await;
        assert_eq!(there, Vec::<String>::new());
        assert_eq!(ground.ask(&format!("select count(*), max(name) from {}", name.quoted())).await, ["0|NULL"]);
    }
}

async fn a_key_of_floats_knows_equal_values(ground: Ground) {
    let name = ground.name("t");
    let of = |rows: &[&str]| Rows::of("id float, name text").with(rows);
    ground.publish(&name, &of(&["0.0|a", "NaN|b", "1.5|c"]), merge(&["id"])).await;
    let (_, there) = ground.publish(&name, &of(&["-0.0|A", "NaN|B"]), merge(&["id"])).await;
    assert_eq!(there, ["-0.0|A", "1.5|c", "NaN|B"]);
}

async fn a_hundred_thousand_rows_are_staged_and_merged(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::numbered(0, 100_000), replace()).await;
    let (staged, there) = ground.publish(&name, &Rows::numbered(99_000, 2_000), merge(&["id"])).await;
    assert_eq!((staged.rows, there.len()), (2_000, 101_000));
    let (staged, there) = ground.publish(&name, &Rows::numbered(500, 100_000), replace()).await;
    assert_eq!((staged.rows, there.len()), (100_000, 100_000));
    let summary = format!("select count(*), min(id), max(id), count(distinct name) from {}", name.quoted());
    assert_eq!(ground.ask(&summary).await, ["100000|500|100499|100000"]);
}

on_both![
    replacing_leaves_the_staged_rows_and_no_other,
    replacing_by_key_keeps_the_last_of_a_key,
    appending_keeps_all,
    merging_takes_the_place_of_a_key_and_the_last_wins,
    a_merge_takes_all_stored_rows_of_a_key_away,
    deleting_and_inserting_keeps_equal_keys,
    rows_that_did_not_change_stay_as_they_are,
    a_composite_key_counts_as_a_whole,
    no_rows_make_a_table_all_the_same,
    a_key_of_floats_knows_equal_values,
    a_hundred_thousand_rows_are_staged_and_merged,
];
