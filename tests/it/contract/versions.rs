//! What is known of a relation without reading it: its version changes when its content may have changed, and only then.

use medallion::warehouse::{RelationKind, StageMode};

use super::ground::{Ground, merge, replace};
use super::on_both;
use super::rows::Rows;

fn rows(rows: &[&str]) -> Rows {
    Rows::of("id int, name text").with(rows)
}

async fn another_tables_change_is_not_ones_own(ground: Ground) {
    let (one, other) = (ground.name("one"), ground.name("other"));
    ground.publish(&one, &rows(&["1|a"]), replace()).await;
    ground.publish(&other, &rows(&["1|a"]), replace()).await;
    let version = ground.version(&one).await;
    assert_ne!(version, ground.version(&other).await);
    ground.publish(&other, &rows(&["2|b"]), merge(&["id"])).await;
    assert_eq!(ground.version(&one).await, version);
    let publication = ground.begin(&[&one]).await;
    publication.put_state("node/x", Some(serde_json::json!(1)));
    publication.commit().await.unwrap();
    assert_eq!(ground.version(&one).await, version);
}

async fn nothing_staged_publishes_nothing(ground: Ground) {
    let name = ground.name("t");
    assert!(ground.begin(&[&name]).await.commit().await.unwrap().is_none());
    ground.publish(&name, &rows(&["1|a"]), replace()).await;
    let history = ground.warehouse.history().await.unwrap().len();
    let publication = ground.begin(&[&name]).await;
    publication.stage(&name, rows(&[]).streams(), merge(&["id"])).await.unwrap();
    publication.stage(&name, rows(&[]).streams(), StageMode::Append).await.unwrap();
    assert!(publication.commit().await.unwrap().is_none());
    assert_eq!(ground.warehouse.history().await.unwrap().len(), history);
}

async fn an_empty_table_replaced_by_no_rows_is_what_it_was(ground: Ground) {
    let name = ground.name("t");
    let (staged, _) = ground.publish(&name, &rows(&[]), replace()).await;
    assert!(staged.changed, "it was not there");
    let (staged, _) = ground.publish(&name, &rows(&[]), replace()).await;
    assert!(!staged.changed);
}

async fn the_number_of_rows_is_known(ground: Ground) {
    let name = ground.name("t");
    let count = async || ground.describe(&name).await.unwrap().rows;
    ground.publish(&name, &rows(&["1|a", "1|b", "2|c"]), replace()).await;
    assert_eq!(count().await, Some(3));
    ground.publish(&name, &rows(&["1|a", "3|b"]), merge(&["id"])).await;
    assert_eq!(count().await, Some(3));
    ground.publish(&name, &rows(&["1|a", "3|b", "3|b"]), replace()).await;
    assert_eq!(count().await, Some(3));
    ground.publish(&name, &rows(&["4|a"]), StageMode::Append).await;
    assert_eq!(count().await, Some(4));
    ground.publish(&name, &Rows::of("id int").with(&["1"]), replace()).await;
    assert_eq!(count().await, Some(1));
    // Queries that need no more than this must not be wrong either.
    assert_eq!(ground.ask(&format!("select count(*) from {}", name.quoted())).await, ["1"]);
}

async fn history_tells_who_published_what(ground: Ground) {
    assert_eq!(ground.warehouse.history().await.unwrap(), []);
    let (one, other) = (ground.name("one"), ground.name("other"));
    ground.publish(&one, &rows(&["1|a", "2|b"]), replace()).await;
    let publication = ground.begin(&[&one, &other]).await;
    publication.stage(&one, rows(&["3|c"]).streams(), merge(&["id"])).await.unwrap();
    publication.stage_view(&other, "select 1 as n").unwrap();
    let receipt = publication.commit().await.unwrap().unwrap();
    assert_eq!((receipt.tables, receipt.views), (1, 1));
    let history = ground.warehouse.history().await.unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].publication, receipt.publication);
    assert_eq!(ground.snapshot().await.publication(), Some(receipt.publication.as_str()));
    assert_eq!((history[0].current, history[1].current), (true, false));
    assert_eq!((history[0].relations, history[1].relations), (2, 1));
    assert_eq!((history[0].rows, history[1].rows), (1, 2));
    assert_eq!(history[0].label.command, "build");
    assert!(history[0].published_at >= history[1].published_at);
}

async fn a_table_and_a_view_are_told_apart(ground: Ground) {
    let (table, view) = (ground.name("table"), ground.name("view"));
    ground.publish(&table, &rows(&["1|a"]), replace()).await;
    let publication = ground.begin(&[&view]).await;
    publication.stage_view(&view, "select 1 as n").unwrap();
    ground.commit(&publication, &view).await;
    assert_eq!(ground.describe(&table).await.unwrap().kind, RelationKind::Table);
    let kind = RelationKind::View { sql: "select 1 as n".to_string() };
    assert_eq!(ground.describe(&view).await.unwrap().kind, kind);
    assert_eq!(ground.describe(&ground.name("nothing")).await, None);
    let relations = ground.snapshot().await.relations();
    assert!(relations.contains(&table) && relations.contains(&view));
}

on_both![
    another_tables_change_is_not_ones_own,
    nothing_staged_publishes_nothing,
    an_empty_table_replaced_by_no_rows_is_what_it_was,
    the_number_of_rows_is_known,
    history_tells_who_published_what,
    a_table_and_a_view_are_told_apart,
];
