//! Names of relations and columns, whatever their characters.

use medallion::warehouse::RelationName;

use super::ground::{Ground, merge, replace};
use super::on_both;
use super::rows::Rows;

const ODD: [&str; 8] =
    ["Upper Case", "with.dots.in", "quote\"d", "it's", "gr\u{f6}\u{df}e", "back\\slash", "100% _of", "select"];

async fn relations_may_have_any_name(ground: Ground) {
    let long = "n".repeat(63);
    for odd in ODD.into_iter().chain([long.as_str()]) {
        for name in [ground.name(odd), RelationName::new(&ground.database, odd, odd)] {
            ground.publish(&name, &Rows::of("id int").with(&["1", "2"]), replace()).await;
            let (_, there) = ground.publish(&name, &Rows::of("id int").with(&["2", "3"]), merge(&["id"])).await;
            assert_eq!(there, ["1", "2", "3"], "{odd}");
            let (_, there) = ground.publish(&name, &Rows::of("id text").with(&["x"]), replace()).await;
            assert_eq!(there, ["x"], "{odd}");
            let view = name.sibling(format!("{}v", &odd[..odd.len() - 1]));
            let publication = ground.begin(&[&view]).await;
            publication.stage_view(&view, &format!("select id as \"a.B\" from {}", name.quoted())).unwrap();
            ground.commit(&publication, &view).await;
            assert_eq!(ground.rows(&view).await, ["x"], "{odd}");
        }
    }
}

async fn columns_may_have_any_characters(ground: Ground) {
    let name = ground.name("t");
    let columns: Vec<String> = ODD.iter().map(|odd| format!("{odd} text")).collect();
    let of = |rows: &[&str]| Rows::of(&columns.join(",")).with(rows);
    ground.publish(&name, &of(&["a|b|c|d|e|f|g|h", "A|b|c|d|e|f|g|h"]), replace()).await;
    let (_, there) = ground.publish(&name, &of(&["a|b|c|D|e|f|g|h"]), merge(&["Upper Case", "with.dots.in"])).await;
    assert_eq!(there, ["A|b|c|d|e|f|g|h", "a|b|c|D|e|f|g|h"]);
    let mode = super::ground::merge_changed(&["Upper Case"], &["it's"]);
    let (staged, _) = ground.publish(&name, &of(&["a|b|c|DD|e|f|g|h", "A|x|c|d|e|f|g|h"]), mode).await;
    assert_eq!((staged.rows, staged.unchanged), (1, 1));
    let filtered =
        format!("select \"quote\"\"d\" from {} where \"it's\" = 'D' and \"with.dots.in\" = 'b'", name.quoted());
    assert_eq!(ground.ask(&filtered).await, ["c"]);
}

/// A server would cut the name, and take another relation for this one.
async fn a_name_too_long_is_an_error_where_it_would_be_cut(ground: Ground) {
    let long = "\u{e4}".repeat(32);
    let (name, other) = (ground.name(&format!("{long}1")), ground.name(&format!("{long}2")));
    let publication = ground.begin(&[&name]).await;
    let staged = publication.stage(&name, Rows::of("id int").with(&["1"]).streams(), replace()).await;
    if ground.server.is_none() {
        staged.unwrap();
        publication.stage(&other, Rows::of("id int").with(&["2"]).streams(), replace()).await.unwrap();
        publication.commit().await.unwrap();
        assert_eq!(ground.rows(&name).await, ["1"]);
        return;
    }
    let message = "is longer than the 63 bytes that a name may have in PostgreSQL";
    let error = staged.unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    let error = publication.stage_view(&other, "select 1 as n").unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    let column = Rows::of(&format!("{long} int")).with(&["1"]);
    let error = publication.stage(&ground.name("t"), column.streams(), replace()).await.unwrap_err().to_string();
    assert!(error.contains(message) && error.contains("column"), "{error}");
}

on_both![
    relations_may_have_any_name,
    columns_may_have_any_characters,
    a_name_too_long_is_an_error_where_it_would_be_cut,
];
