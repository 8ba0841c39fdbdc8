//! Views, and tables that take their place.

use super::ground::{Ground, merge, replace};
use super::on_both;
use super::rows::Rows;

fn rows(rows: &[&str]) -> Rows {
    Rows::of("id int, name text").with(rows)
}

async fn a_view_shows_what_the_table_has(ground: Ground) {
    let (table, view, over) = (ground.name("a_table"), ground.name("m_view"), ground.name("b_view"));
    let publication = ground.begin(&[&table, &view, &over]).await;
    publication.stage(&table, rows(&["1|a", "2|b"]).streams(), replace()).await.unwrap();
    // The one that is read has the later name: order is found, not given.
    let sql = format!("select id, name || '!' as loud from {} where id > 1", table.quoted());
    publication.stage_view(&view, &sql).unwrap();
    publication.stage_view(&over, &format!("select count(*) as n, max(loud) as loud from {}", view.quoted())).unwrap();
    assert_eq!(ground.staged_rows(&publication, &over).await, ["1|b!"]);
    publication.commit().await.unwrap();
    assert_eq!(ground.rows(&over).await, ["1|b!"]);
    if let Some(there) = ground.on_server("select * from main.b_view") {
        assert_eq!(there, ["1|b!"]);
    }
    let version = ground.version(&view).await;
    ground.publish(&table, &rows(&["3|c"]), merge(&["id"])).await;
    assert_eq!(ground.rows(&over).await, ["2|c!"]);
    assert_eq!(ground.version(&view).await, version, "a view's version is that of its SQL");
}

async fn the_same_view_is_no_change(ground: Ground) {
    let view = ground.name("v");
    for (sql, changed) in [("select 1 as n", true), ("select 1 as n", false), ("select 2 as n", true)] {
        let version = ground.version(&view).await;
        let publication = ground.begin(&[&view]).await;
        assert_eq!(publication.stage_view(&view, sql).unwrap().changed, changed, "{sql}");
        ground.commit(&publication, &view).await;
        assert_eq!(ground.version(&view).await != version, changed, "{sql}");
    }
}

async fn a_view_may_get_other_columns(ground: Ground) {
    let (view, over) = (ground.name("v"), ground.name("a_over"));
    let mut over_sql = format!("select n from {}", view.quoted());
    for sql in
        ["select 1 as n", "select 1 as n, 2 as m", "select 'x' as n", "select true as b, 5 as n", "select 7 as n"]
    {
        let publication = ground.begin(&[&view, &over]).await;
        publication.stage_view(&view, sql).unwrap();
        publication.stage_view(&over, &over_sql).unwrap();
        publication.commit().await.unwrap();
        let value = ground.ask(sql).await;
        let shown = ground.rows(&view).await;
        assert_eq!(shown, value, "{sql}");
        assert_eq!(ground.rows(&over).await.len(), 1, "{sql}");
    }
    over_sql = format!("select n + 1 as more from {}", view.quoted());
    let publication = ground.begin(&[&view, &over]).await;
    publication.stage_view(&view, "select 7 as n, 8 as o").unwrap();
    publication.stage_view(&over, &over_sql).unwrap();
    publication.commit().await.unwrap();
    assert_eq!(ground.rows(&over).await, ["8"]);
}

async fn a_view_takes_the_place_of_a_table_and_the_reverse(ground: Ground) {
    let (name, over) = (ground.name("t"), ground.name("over"));
    ground.publish(&name, &rows(&["1|a"]), replace()).await;
    let publication = ground.begin(&[&over]).await;
    publication.stage_view(&over, &format!("select id from {}", name.quoted())).unwrap();
    ground.commit(&publication, &over).await;
    for round in 0..2 {
        let publication = ground.begin(&[&name]).await;
        publication.stage_view(&name, "select 5 as id, 'v' as name").unwrap();
        ground.commit(&publication, &name).await;
        assert_eq!(ground.rows(&name).await, ["5|v"], "{round}");
        assert_eq!(ground.rows(&over).await, ["5"], "what reads it reads the view");
        // A merge into what is no table makes one of the staged rows alone.
        let (_, there) = ground.publish(&name, &rows(&["6|t"]), merge(&["id"])).await;
        assert_eq!(there, ["6|t"]);
        assert_eq!(ground.rows(&over).await, ["6"], "{round}");
        let (_, there) = ground.publish(&name, &rows(&["7|u"]), merge(&["id"])).await;
        assert_eq!(there, ["6|t", "7|u"]);
    }
}

async fn of_a_table_and_a_view_under_one_name_the_later_stands(ground: Ground) {
    let (one, other) = (ground.name("one"), ground.name("other"));
    let publication = ground.begin(&[&one, &other]).await;
    publication.stage(&one, rows(&["1|a"]).streams(), replace()).await.unwrap();
    publication.stage_view(&one, "select 2 as n").unwrap();
    publication.stage_view(&other, "select 2 as n").unwrap();
    publication.stage(&other, rows(&["1|a"]).streams(), replace()).await.unwrap();
    publication.commit().await.unwrap();
    assert_eq!(ground.rows(&one).await, ["2"]);
    assert_eq!(ground.rows(&other).await, ["1|a"]);
}

async fn a_table_under_views_may_change_its_columns(ground: Ground) {
    let (table, view, over) = (ground.name("t"), ground.name("v"), ground.name("w"));
    ground.publish(&table, &Rows::of("id int, price int, old int").with(&["1|2|3"]), replace()).await;
    let publication = ground.begin(&[&view, &over]).await;
    publication.stage_view(&view, &format!("select id, price from {}", table.quoted())).unwrap();
    publication.stage_view(&over, &format!("select price from {}", view.quoted())).unwrap();
    publication.commit().await.unwrap();
    let (_, there) = ground.publish(&table, &Rows::of("price float, id int").with(&["2.5|1"]), replace()).await;
    assert_eq!(there, ["2.5|1"]);
    assert_eq!(ground.rows(&view).await, ["1|2.5"]);
    assert_eq!(ground.rows(&over).await, ["2.5"]);
    if let Some(there) = ground.on_server("select * from main.w") {
        assert_eq!(there, ["2.5"]);
    }
    let described = ground.describe(&over).await.unwrap();
    assert!(matches!(described.kind, medallion::warehouse::RelationKind::View { .. }), "it is still known as ours");
}

async fn a_staged_view_that_is_unstaged_is_what_it_was(ground: Ground) {
    let view = ground.name("v");
    let publication = ground.begin(&[&view]).await;
    publication.stage_view(&view, "select 1 as n").unwrap();
    ground.commit(&publication, &view).await;
    let publication = ground.begin(&[&view]).await;
    publication.stage_view(&view, "select 2 as n").unwrap();
    publication.unstage(&view);
    assert_eq!(ground.staged_rows(&publication, &view).await, ["1"]);
    publication.commit().await.unwrap();
    assert_eq!(ground.rows(&view).await, ["1"]);
}

on_both![
    a_view_shows_what_the_table_has,
    the_same_view_is_no_change,
    a_view_may_get_other_columns,
    a_view_takes_the_place_of_a_table_and_the_reverse,
    of_a_table_and_a_view_under_one_name_the_later_stands,
    a_table_under_views_may_change_its_columns,
    a_staged_view_that_is_unstaged_is_what_it_was,
];
