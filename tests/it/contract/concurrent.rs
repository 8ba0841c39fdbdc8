//! Two publications at once.

use std::sync::Arc;
use std::time::Duration;

use super::ground::{Ground, is_conflict, merge, replace};
use super::on_both;
use super::rows::Rows;

fn rows(rows: &[&str]) -> Rows {
    Rows::of("id int, name text").with(rows)
}

/// Where there are no locks, the second is told, and nothing of it is seen. Where there are, it waits, and builds on the
/// first.
async fn of_two_that_change_one_relation_none_is_lost(ground: Ground) {
    let name = ground.name("t");
    ground.publish(&name, &rows(&["1|a"]), replace()).await;
    let first = ground.begin(&[&name]).await;
    first.stage(&name, rows(&["2|first"]).streams(), merge(&["id"])).await.unwrap();
    let ground = Arc::new(ground);
    let second = tokio::spawn({
        let (ground, name) = (Arc::clone(&ground), name.clone());
        async move {
            let second = ground.begin(&[&name]).await;
            let base = super::ground::rows_of(&second.base(), &name).await.unwrap();
            second.stage(&name, rows(&["3|second"]).streams(), merge(&["id"])).await.unwrap();
            (second, base)
        }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    let waits = !second.is_finished();
    assert_eq!(waits, ground.server.is_some());
    first.commit().await.unwrap();
    let (second, base) = second.await.unwrap();
    if waits {
        assert_eq!(base, ["1|a", "2|first"]);
        second.commit().await.unwrap();
        assert_eq!(ground.rows(&name).await, ["1|a", "2|first", "3|second"]);
    } else {
        assert!(is_conflict(&second.commit().await.unwrap_err()));
        assert_eq!(ground.rows(&name).await, ["1|a", "2|first"]);
    }
}

async fn two_that_change_different_relations_do_not_meet(ground: Ground) {
    let (one, other) = (ground.name("one"), ground.name("other"));
    ground.publish(&one, &rows(&["1|a"]), replace()).await;
    let first = ground.begin(&[&one]).await;
    let second = tokio::time::timeout(Duration::from_secs(20), ground.begin(&[&other])).await.unwrap();
    first.stage(&one, rows(&["2|b"]).streams(), merge(&["id"])).await.unwrap();
    second.stage(&other, rows(&["3|c"]).streams(), replace()).await.unwrap();
    second.commit().await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(ground.rows(&one).await, ["1|a", "2|b"]);
    assert_eq!(ground.rows(&other).await, ["3|c"]);
    assert_eq!(ground.warehouse.history().await.unwrap().len(), 3);
}

async fn many_that_merge_into_one_relation_all_arrive(ground: Ground) {
    let ground = Arc::new(ground);
    let name = ground.name("t");
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let (ground, name) = (Arc::clone(&ground), name.clone());
            tokio::spawn(async move {
                loop {
                    let publication = ground.begin(&[&name]).await;
                    let row = rows(&[&format!("{number}|x")]);
                    publication.stage(&name, row.streams(), merge(&["id"])).await.unwrap();
                    match publication.commit().await {
                        Ok(_) => break,
                        Err(error) => assert!(is_conflict(&error), "{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ground.rows(&name).await, ["0|x", "1|x", "2|x", "3|x", "4|x", "5|x"]);
}

async fn tables_of_one_publication_come_together(ground: Ground) {
    let (one, other) = (ground.name("one"), ground.name("other"));
    for number in 0..3 {
        let publication = ground.begin(&[&one, &other]).await;
        for name in [&one, &other] {
            let row = rows(&[&format!("{number}|x")]);
            publication.stage(name, row.streams(), replace()).await.unwrap();
        }
        let before = ground.snapshot().await;
        publication.commit().await.unwrap();
        let seen = [super::ground::rows_of(&before, &one).await, super::ground::rows_of(&before, &other).await];
        assert_eq!(seen[0], seen[1], "a state read before the commit has neither");
        assert_eq!(ground.rows(&one).await, [format!("{number}|x")]);
        assert_eq!(ground.rows(&other).await, [format!("{number}|x")]);
    }
}

on_both![
    of_two_that_change_one_relation_none_is_lost,
    two_that_change_different_relations_do_not_meet,
    many_that_merge_into_one_relation_all_arrive,
    tables_of_one_publication_come_together,
];
