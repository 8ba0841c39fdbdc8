//! Staging under one name again and again, before anybody sees any of it.

use medallion::warehouse::StageMode;

use super::ground::{Ground, key, merge, replace};
use super::on_both;
use super::rows::Rows;

fn rows(rows: &[&str]) -> Rows {
    Rows::of("id int, name text").with(rows)
}

async fn what_is_staged_again_meets_what_was_staged_before(ground: Ground) {
    for (table, stored) in [("new", None), ("old", Some(rows(&["7|g"])))] {
        let name = ground.name(table);
        if let Some(stored) = stored {
            ground.publish(&name, &stored, replace()).await;
        }
        let publication = ground.begin(&[&name]).await;
        publication.stage(&name, rows(&["1|a", "2|b"]).streams(), replace()).await.unwrap();
        assert_eq!(ground.staged_rows(&publication, &name).await, ["1|a", "2|b"]);
        publication.stage(&name, rows(&["2|x", "3|c"]).streams(), merge(&["id"])).await.unwrap();
        publication.stage(&name, rows(&["3|c"]).streams(), StageMode::Append).await.unwrap();
        assert_eq!(ground.staged_rows(&publication, &name).await, ["1|a", "2|x", "3|c", "3|c"]);
        ground.commit(&publication, &name).await;
        assert_eq!(ground.rows(&name).await, ["1|a", "2|x", "3|c", "3|c"]);
    }
}

async fn what_changes_is_told_as_of_the_last_step(ground: Ground) {
    let name = ground.name("t");
    let stored: Vec<String> = (1..=5000).map(|id| format!("{id}|a")).collect();
    let stored: Vec<&str> = stored.iter().map(String::as_str).collect();
    ground.publish(&name, &rows(&stored), replace()).await;
    let publication = ground.begin(&[&name]).await;
    assert!(ground.changed_rows(&publication, &name).await.is_empty());
    publication.stage(&name, rows(&["1|b", "5001|b"]).streams(), merge(&["id"])).await.unwrap();
    assert_eq!(ground.changed_rows(&publication, &name).await, ["1|a|-1", "1|b|1", "5001|b|1"]);
    let keys = Rows::of("id int").with(&["2", "5001"]);
    publication.stage_delete(&name, &key(&["id"]), keys.streams()).await.unwrap();
    assert_eq!(ground.changed_rows(&publication, &name).await, ["1|a|-1", "1|b|1", "2|a|-1"]);
    publication.stage(&name, rows(&["1|a", "3|c"]).streams(), merge(&["id"])).await.unwrap();
    assert_eq!(ground.changed_rows(&publication, &name).await, ["2|a|-1", "3|a|-1", "3|c|1"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await.len(), 4999);
}

async fn a_second_replacement_forgets_the_first(ground: Ground) {
    for (table, stored) in [("new", None), ("old", Some(rows(&["7|g"])))] {
        let name = ground.name(table);
        if let Some(stored) = stored {
            ground.publish(&name, &stored, replace()).await;
        }
        let publication = ground.begin(&[&name]).await;
        publication.stage(&name, rows(&["1|a"]).streams(), replace()).await.unwrap();
        let other = Rows::of("id text, more int").with(&["x|1"]);
        publication.stage(&name, other.streams(), replace()).await.unwrap();
        assert_eq!(ground.staged_rows(&publication, &name).await, ["x|1"]);
        ground.commit(&publication, &name).await;
        assert_eq!(ground.rows(&name).await, ["x|1"]);
        if let Some(tables) = ground.on_server("select count(*) from pg_tables where tablename like 'medallion%'") {
            assert_eq!(tables, ["0"], "nothing of the first is left");
        }
    }
}

async fn a_table_with_other_columns_can_be_merged_into_at_once(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "2|b"]), replace()).await;
    let publication = ground.begin(&[&name]).await;
    // As `sync_all_columns` does it: the table anew from its own rows, then the new rows.
    let rebuilt = Rows::of("id bigint, price float").with(&["1|NULL", "2|NULL"]);
    publication.stage(&name, rebuilt.streams(), replace()).await.unwrap();
    let more = Rows::of("id bigint, price float").with(&["2|2.5", "3|3.5"]);
    publication.stage(&name, more.streams(), merge(&["id"])).await.unwrap();
    assert_eq!(ground.staged_rows(&publication, &name).await, ["1|NULL", "2|2.5", "3|3.5"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["1|NULL", "2|2.5", "3|3.5"]);
    let (_, there) = ground.publish(&name, &more, merge(&["id"])).await;
    assert_eq!(there, ["1|NULL", "2|2.5", "3|3.5"]);
}

async fn two_merges_in_one_publication_come_one_after_the_other(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "2|b", "3|c"]), replace()).await;
    let publication = ground.begin(&[&name]).await;
    publication.stage(&name, rows(&["1|x", "4|d"]).streams(), merge(&["id"])).await.unwrap();
    publication.stage(&name, rows(&["4|y", "2|z"]).streams(), merge(&["id"])).await.unwrap();
    assert_eq!(ground.staged_rows(&publication, &name).await, ["1|x", "2|z", "3|c", "4|y"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["1|x", "2|z", "3|c", "4|y"]);
}

async fn rows_are_taken_out_by_their_key(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "2|b", "2|c", "NULL|n", "3|d"]), replace()).await;
    let publication = ground.begin(&[&name]).await;
    let keys = Rows::of("id int").with(&["2", "NULL"]).with(&["9", "2"]);
    let staged = publication.stage_delete(&name, &key(&["id"]), keys.streams()).await.unwrap();
    assert_eq!((staged.removed, staged.changed), (2, true));
    assert_eq!(ground.staged_rows(&publication, &name).await, ["1|a", "3|d", "NULL|n"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["1|a", "3|d", "NULL|n"]);
}

async fn keys_of_no_row_take_nothing_out(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a"]), replace()).await;
    let version = ground.version(&name).await;
    for keys in [Rows::of("id int"), Rows::of("id int").with(&["2", "NULL"])] {
        let publication = ground.begin(&[&name]).await;
        let staged = publication.stage_delete(&name, &key(&["id"]), keys.streams()).await.unwrap();
        assert_eq!((staged.removed, staged.changed), (0, false));
        publication.commit().await.unwrap();
        assert_eq!(ground.version(&name).await, version);
    }
}

async fn rows_can_be_taken_out_of_what_was_staged_and_come_again(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "2|b"]), replace()).await;
    let publication = ground.begin(&[&name]).await;
    publication.stage(&name, rows(&["3|c", "4|d"]).streams(), merge(&["id"])).await.unwrap();
    let keys = Rows::of("id int").with(&["1", "4"]);
    let staged = publication.stage_delete(&name, &key(&["id"]), keys.streams()).await.unwrap();
    assert_eq!((staged.removed, staged.changed), (2, true));
    assert_eq!(ground.staged_rows(&publication, &name).await, ["2|b", "3|c"]);
    publication.stage(&name, rows(&["4|again"]).streams(), merge(&["id"])).await.unwrap();
    assert_eq!(ground.staged_rows(&publication, &name).await, ["2|b", "3|c", "4|again"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["2|b", "3|c", "4|again"]);
}

async fn rows_can_be_taken_out_of_a_table_that_is_new(ground: Ground) {
    let name = ground.name("t");
    let publication = ground.begin(&[&name]).await;
    publication.stage(&name, rows(&["1|a", "2|b"]).streams(), replace()).await.unwrap();
    let keys = Rows::of("id int").with(&["1"]);
    let staged = publication.stage_delete(&name, &key(&["id"]), keys.streams()).await.unwrap();
    assert_eq!((staged.removed, staged.changed), (1, true));
    assert_eq!(ground.staged_rows(&publication, &name).await, ["2|b"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["2|b"]);
}

async fn of_rows_that_were_staged_only_those_that_are_there_count_as_taken_out(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a", "2|b", "3|c", "6|a"]), replace()).await;
    let publication = ground.begin(&[&name]).await;
    publication.stage(&name, rows(&["1|x", "4|d", "NULL|a"]).streams(), merge(&["id"])).await.unwrap();
    let take = async |column: &str, values: &[&str]| {
        let kind = if column == "id" { "id int" } else { "name text" };
        let keys = Rows::of(kind).with(values);
        publication.stage_delete(&name, &key(&[column]), keys.streams()).await.unwrap().removed
    };
    assert_eq!(take("id", &["9", "NULL"]).await, 0);
    // The row 1 is staged, and takes the place of the one that is there.
    assert_eq!(take("id", &["1", "9"]).await, 1);
    assert_eq!(take("id", &["1"]).await, 0);
    // By another column: of the two that were there, and the one that came, the first went with its key.
    assert_eq!(take("name", &["a", "x"]).await, 2);
    publication.stage(&name, rows(&["6|a"]).streams(), StageMode::Append).await.unwrap();
    assert_eq!(take("name", &["a"]).await, 1);
    assert_eq!(ground.staged_rows(&publication, &name).await, ["2|b", "3|c", "4|d"]);
    ground.commit(&publication, &name).await;
    assert_eq!(ground.rows(&name).await, ["2|b", "3|c", "4|d"]);
}

async fn what_is_unstaged_was_never_there(ground: Ground) {
    let (new, old, other) = (ground.name("new"), ground.name("old"), ground.name("other"));
    ground.publish(&old, &rows(&["1|a"]), replace()).await;
    let publication = ground.begin(&[&new, &old, &other]).await;
    for name in [&new, &old] {
        publication.stage(name, rows(&["5|e"]).streams(), replace()).await.unwrap();
        publication.unstage(name);
    }
    publication.stage(&other, rows(&["9|z"]).streams(), replace()).await.unwrap();
    assert!(publication.describe(&new).is_none());
    assert!(!publication.relations().contains(&new));
    assert_eq!(ground.staged_rows(&publication, &old).await, ["1|a"]);
    ground.commit(&publication, &other).await;
    assert_eq!(ground.rows_if_any(&new).await, None);
    assert_eq!(ground.rows(&old).await, ["1|a"]);
    assert_eq!(ground.rows(&other).await, ["9|z"]);
    if let Some(tables) = ground.on_server("select tablename from pg_tables where schemaname = 'main' order by 1") {
        assert_eq!(tables, ["old", "other"]);
    }
}

async fn what_was_unstaged_can_be_staged_again(ground: Ground) {
    let (new, old) = (ground.name("new"), ground.name("old"));
    ground.publish(&old, &rows(&["1|a"]), replace()).await;
    let publication = ground.begin(&[&new, &old]).await;
    for name in [&new, &old] {
        publication.stage(name, Rows::numbered(0, 50_000).streams(), replace()).await.unwrap();
        publication.unstage(name);
        publication.stage(name, rows(&["6|f"]).streams(), merge(&["id"])).await.unwrap();
    }
    publication.commit().await.unwrap();
    assert_eq!(ground.rows(&new).await, ["6|f"]);
    assert_eq!(ground.rows(&old).await, ["1|a", "6|f"]);
}

on_both![
    what_is_staged_again_meets_what_was_staged_before,
    what_changes_is_told_as_of_the_last_step,
    a_second_replacement_forgets_the_first,
    a_table_with_other_columns_can_be_merged_into_at_once,
    two_merges_in_one_publication_come_one_after_the_other,
    rows_are_taken_out_by_their_key,
    keys_of_no_row_take_nothing_out,
    rows_can_be_taken_out_of_what_was_staged_and_come_again,
    rows_can_be_taken_out_of_a_table_that_is_new,
    of_rows_that_were_staged_only_those_that_are_there_count_as_taken_out,
    what_is_unstaged_was_never_there,
    what_was_unstaged_can_be_staged_again,
];
