//! Documents beside the tables, and publications that do not come to an end.

use serde_json::json;

use super::ground::{Ground, merge, replace};
use super::on_both;
use super::rows::Rows;

async fn documents_come_and_go_with_the_publication(ground: Ground) {
    let name = ground.name("t");
    let odd = "load/\"a\".\"b%\".\"c_\"/file/\u{e4} 'x'";
    let first = json!({"rows": 3, "text": "it's \u{e4} \\ \"q\"", "none": null, "n": 1.5});
    let publication = ground.begin(&[&name]).await;
    publication.put_state("node/dev/b", Some(first.clone()));
    publication.put_state("node/dev/a", Some(json!([1, 2])));
    publication.put_state("node/dev2/a", Some(json!("x")));
    publication.put_state(odd, Some(json!(true)));
    assert_eq!(ground.snapshot().await.state("node/dev/b"), None, "not before the commit");
    publication.commit().await.unwrap();
    let snapshot = ground.snapshot().await;
    assert_eq!(snapshot.state("node/dev/b"), Some(first));
    assert_eq!(snapshot.state("nothing"), None);
    assert_eq!(snapshot.state_keys("node/dev/"), ["node/dev/a", "node/dev/b"]);
    assert_eq!(snapshot.state_keys("node/dev"), ["node/dev/a", "node/dev/b", "node/dev2/a"]);
    assert_eq!(snapshot.state_keys("load/\"a\".\"b%\""), [odd]);
    assert_eq!(snapshot.state_keys("zzz"), Vec::<String>::new());
    let publication = ground.begin(&[&name]).await;
    publication.put_state("node/dev/a", None);
    publication.put_state("node/dev/b", Some(json!("new")));
    publication.put_state("never there", None);
    publication.commit().await.unwrap();
    let later = ground.snapshot().await;
    assert_eq!(later.state_keys("node/dev/"), ["node/dev/b"]);
    assert_eq!(later.state("node/dev/b"), Some(json!("new")));
    assert_eq!(snapshot.state("node/dev/a"), Some(json!([1, 2])), "what was read stays");
}

async fn a_document_that_is_as_it_was_publishes_nothing(ground: Ground) {
    let name = ground.name("t");
    let document = json!({"b": 1, "a": [1.0, "x"]});
    for published in [true, false] {
        let publication = ground.begin(&[&name]).await;
        publication.put_state("node/x", Some(document.clone()));
        assert_eq!(publication.commit().await.unwrap().is_some(), published);
    }
}

async fn a_publication_that_is_dropped_leaves_nothing(ground: Ground) {
    let (table, new, view) = (ground.name("t"), ground.name("new"), ground.name("v"));
    ground.publish(&table, &Rows::numbered(0, 10), replace()).await;
    let version = ground.version(&table).await;
    let publication = ground.begin(&[&table, &new, &view]).await;
    publication.stage(&table, Rows::numbered(5, 20_000).streams(), merge(&["id"])).await.unwrap();
    publication.stage(&new, Rows::numbered(0, 20_000).streams(), replace()).await.unwrap();
    publication.stage_view(&view, "select 1 as n").unwrap();
    publication.put_state("node/x", Some(json!(1)));
    drop(publication);
    // The next one need not wait for it.
    let next = ground.begin(&[&table, &new, &view]).await;
    assert_eq!(next.base().describe(&new), None);
    drop(next);
    let snapshot = ground.snapshot().await;
    assert_eq!(snapshot.describe(&new), None);
    assert_eq!(snapshot.describe(&view), None);
    assert_eq!(snapshot.state("node/x"), None);
    assert_eq!(ground.rows(&table).await.len(), 10);
    assert_eq!(ground.version(&table).await, version);
    assert_eq!(ground.warehouse.history().await.unwrap().len(), 1);
    let left = "select count(*) from pg_class where relname like 'medallion%' or relname = 'new'";
    if let Some(left) = ground.on_server(left) {
        assert_eq!(left, ["0"]);
    }
}

async fn a_run_that_fails_while_it_computes_leaves_nothing(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::numbered(0, 10), replace()).await;
    let publication = ground.begin(&[&name]).await;
    let error = publication.stage(&name, Rows::failing(), merge(&["id"])).await.unwrap_err();
    assert!(error.to_string().contains("the division by zero of this test"), "{error}");
    drop(publication);
    assert_eq!(ground.rows(&name).await.len(), 10);
}

async fn a_model_that_fails_is_in_nobodys_way(ground: Ground) {
    let (good, bad) = (ground.name("good"), ground.name("bad"));
    let publication = ground.begin(&[&good, &bad]).await;
    publication.stage(&bad, Rows::failing(), replace()).await.unwrap_err();
    publication.stage(&good, Rows::numbered(0, 3).streams(), replace()).await.unwrap();
    ground.commit(&publication, &good).await;
    assert_eq!(ground.rows(&good).await.len(), 3);
    assert_eq!(ground.rows_if_any(&bad).await, None);
}

async fn an_old_snapshot_reads_what_was_there(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &Rows::numbered(0, 10), replace()).await;
    let snapshot = ground.snapshot().await;
    let before = super::ground::rows_of(&snapshot, &name).await;
    ground.publish(&name, &Rows::numbered(5, 10), merge(&["id"])).await;
    ground.publish(&name, &Rows::numbered(100, 10), replace()).await;
    assert_eq!(super::ground::rows_of(&snapshot, &name).await, before);
}

on_both![
    documents_come_and_go_with_the_publication,
    a_document_that_is_as_it_was_publishes_nothing,
    a_publication_that_is_dropped_leaves_nothing,
    a_run_that_fails_while_it_computes_leaves_nothing,
    a_model_that_fails_is_in_nobodys_way,
    an_old_snapshot_reads_what_was_there,
];
