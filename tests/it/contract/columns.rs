//! Tables whose columns change.

use medallion::warehouse::StageMode;

use super::ground::{Ground, merge, replace};
use super::on_both;
use super::rows::Rows;

async fn a_replacement_may_have_other_columns(ground: Ground) {
    let name = ground.name("t");
    let steps = [
        ("id int, name text", "1|a"),
        ("id int, name text, price float", "1|a|2.5"),
        ("id int, price float", "1|2.5"),
        ("id text, price float", "x|2.5"),
        ("price float, id text", "2.5|x"),
        ("id int, name text", "1|a"),
        ("only bool", "true"),
        ("at timestamp, day date, n numeric", "2020-01-01T12:00:00|2020-01-01|1.50"),
    ];
    for (columns, row) in steps {
        let (staged, there) = ground.publish(&name, &Rows::of(columns).with(&[row]), replace()).await;
        assert_eq!((staged.changed, there), (true, vec![row.to_string()]), "{columns}");
    }
    let (staged, _) = ground.publish(&name, &Rows::of("at timestamp"), replace()).await;
    assert!(staged.changed);
}

async fn staged_rows_bring_new_columns(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::of("id int, name text").with(&["1|a", "2|b"]), replace()).await;
    let wider = Rows::of("id int, name text, price float").with(&["2|x|2.5", "3|c|3.5"]);
    let (_, there) = ground.publish(&name, &wider, merge(&["id"])).await;
    assert_eq!(there, ["1|a|NULL", "2|x|2.5", "3|c|3.5"]);
    let more = Rows::of("id int, more bool").with(&["4|true"]);
    let (_, there) = ground.publish(&name, &more, StageMode::Append).await;
    assert_eq!(there, ["1|a|NULL|NULL", "2|x|2.5|NULL", "3|c|3.5|NULL", "4|NULL|NULL|true"]);
}

async fn new_columns_come_without_rows_too(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::of("id int").with(&["1"]), replace()).await;
    let (staged, there) = ground.publish(&name, &Rows::of("id int, price float"), merge(&["id"])).await;
    assert!(staged.changed);
    assert_eq!(there, ["1|NULL"]);
}

async fn a_loaded_table_gets_new_columns(ground: Ground) {
    let name = ground.name("t");
    let mode = || super::ground::merge_changed(&["id"], &["at"]);
    ground.publish(&name, &Rows::of("id int, at int").with(&["1|10", "2|10"]), mode()).await;
    let wider = Rows::of("id int, at int, name text").with(&["1|20|NULL", "2|20|b"]);
    let (staged, there) = ground.publish(&name, &wider, mode()).await;
    assert_eq!(there, ["1|10|NULL", "2|20|b"]);
    assert_eq!((staged.rows, staged.unchanged), (1, 1));
    let narrower = Rows::of("id int, at int").with(&["1|30", "2|30"]);
    let (staged, there) = ground.publish(&name, &narrower, mode()).await;
    assert_eq!(there, ["1|10|NULL", "2|30|NULL"], "a column that is not given is null");
    assert_eq!((staged.rows, staged.unchanged), (1, 1));
}

async fn a_missing_column_is_null_and_their_order_is_the_tables(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::of("a int, b text, c float").with(&["1|x|1.5"]), replace()).await;
    let (_, there) = ground.publish(&name, &Rows::of("c float, a int").with(&["2.5|2"]), merge(&["a"])).await;
    assert_eq!(there, ["1|x|1.5", "2|NULL|2.5"]);
}

async fn staged_values_become_those_of_the_tables_type(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::of("id bigint, n numeric").with(&["1|1.50"]), replace()).await;
    let (_, there) = ground.publish(&name, &Rows::of("id int, n int").with(&["1|7", "2|8"]), merge(&["id"])).await;
    assert_eq!(there, ["1|7.00", "2|8.00"]);
    let publication = ground.begin(&[&name]).await;
    let bad = Rows::of("id text, n int").with(&["one|7"]);
    assert!(publication.stage(&name, bad.streams(), merge(&["id"])).await.is_err(), "never a silent null");
    drop(publication);
    assert_eq!(ground.rows(&name).await, ["1|7.00", "2|8.00"]);
}

async fn a_key_that_is_no_column_is_an_error(ground: Ground) {
    let name = ground.name("t");
    let publication = ground.begin(&[&name]).await;
    let error = publication.stage(&name, Rows::of("id int").with(&["1"]).streams(), merge(&["key"])).await;
    assert!(error.unwrap_err().to_string().contains("key"));
    // The publication goes on without it.
    publication.stage(&name, Rows::of("id int").with(&["1"]).streams(), merge(&["id"])).await.unwrap();
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["1"]);
}

async fn two_columns_of_one_name_are_an_error(ground: Ground) {
    let name = ground.name("t");
    let publication = ground.begin(&[&name]).await;
    let twice = Rows::of("id int, id int").with(&["1|2"]);
    let error = publication.stage(&name, twice.streams(), replace()).await.unwrap_err().to_string();
    assert!(error.contains("two columns named 'id'"), "{error}");
}

/// Names that the SQL of a warehouse may use for itself.
async fn columns_may_have_any_name(ground: Ground) {
    let name = ground.name("t");
    let of = |rows: &[&str]| {
        Rows::of("r int, s int, t text, k text, h int, n int, o int, c int, ctid_ int, key text, here text").with(rows)
    };
    let one = "1|1|a|k|1|1|1|1|1|key|x";
    ground.publish(&name, &of(&[one, "1|2|b|k|1|1|1|1|1|key|y"]), replace()).await;
    let (_, there) = ground.publish(&name, &of(&[one, "1|2|c|k|1|1|1|1|1|key|y"]), replace()).await;
    assert_eq!(there, [one, "1|2|c|k|1|1|1|1|1|key|y"]);
    let (_, there) = ground.publish(&name, &of(&["1|3|d|k|1|1|1|1|1|key|z"]), merge(&["s", "k"])).await;
    assert_eq!(there.len(), 3);
    let more = of(&["2|3|d|k|1|1|1|1|1|key|z"]);
    let (_, there) = ground.publish(&name, &more, super::ground::merge_changed(&["s"], &["r", "t"])).await;
    assert_eq!(there.len(), 3);
}

on_both![
    a_replacement_may_have_other_columns,
    staged_rows_bring_new_columns,
    new_columns_come_without_rows_too,
    a_loaded_table_gets_new_columns,
    a_missing_column_is_null_and_their_order_is_the_tables,
    staged_values_become_those_of_the_tables_type,
    a_key_that_is_no_column_is_an_error,
    two_columns_of_one_name_are_an_error,
    columns_may_have_any_name,
];
