//! What a publication says of keys alone is what the rows say, as they go, come and will be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use medallion::warehouse::{ByKeys, ColumnName, Keys, Publication, RelationName, StageMode, When};

use super::ground::{Ground, key, merge, merge_changed, replace};
use super::on_both;
use super::rows::{Rows, texts};

/// The values of one column, as often as they stand; null is none.
type Values = Vec<Option<String>>;

/// A column of a table, and where its values are: in rows that go, that come, that are published, and that there will be.
struct Column {
    name: ColumnName,
    go: Values,
    come: Values,
    was: Values,
    there: Values,
}

fn set(values: &Values) -> BTreeSet<&String> {
    values.iter().flatten().collect()
}

fn nulls(values: &Values) -> i64 {
    values.iter().filter(|value| value.is_none()).count() as i64
}

/// In how many rows each value is.
fn counts(values: &Values) -> BTreeMap<&String, usize> {
    let mut counts = BTreeMap::new();
    for value in values.iter().flatten() {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

async fn column(ground: &Ground, publication: &Arc<dyn Publication>, table: &RelationName, column: &str) -> Column {
    let read = async |from: String, condition: &str| -> Values {
        let sql = format!("select {column} from {from} {condition}");
        let rows = ground.to_be_published(publication, &sql).await;
        rows.into_iter().map(|value| (value != "NULL").then_some(value)).collect()
    };
    let side = async |side: &str| read(table.changes().quoted(), &format!("where _change_type = '{side}'")).await;
    Column {
        name: ColumnName { table: table.clone(), column: column.to_string() },
        go: side("delete").await,
        come: side("insert").await,
        was: read(table.published().quoted(), "").await,
        there: read(table.quoted(), "").await,
    }
}

/// Holds everything that is said of the table's keys against its rows.
pub async fn agree(ground: &Ground, publication: &Arc<dyn Publication>, table: &RelationName) {
    if publication.scan_changes(table).await.unwrap().is_none() {
        return;
    }
    for name in ["id", "name"] {
        let column = column(ground, publication, table, name).await;
        if publication.stays_unique(&column.name) && counts(&column.was).values().all(|count| *count == 1) {
            assert!(counts(&column.there).values().all(|count| *count == 1), "{name}: {:?}", column.there);
        }
        if let Some(by_keys) = publication.by_keys() {
            agree_of(by_keys, &column).await;
        }
    }
}

async fn agree_of(by_keys: &dyn ByKeys, column: &Column) {
    let Column { name, go, come, was, there } = column;
    let (keys_go, keys_come) = sides(by_keys, name).await;
    assert_eq!(keys_go.len(), set(go).len(), "{name:?} of rows that go");
    assert_eq!(keys_come.len(), set(come).len(), "{name:?} of rows that come");
    assert_eq!(keys_go.without(&keys_come).len(), set(go).difference(&set(come)).count());
    assert_eq!(by_keys.more_nulls(name).await.unwrap(), Some(nulls(come) - nulls(go)));
    let missing = async |keys: &Keys| by_keys.missing(name, keys).await.unwrap().unwrap().len();
    assert_eq!(missing(&keys_come).await, 0, "{name:?}: what comes is there");
    assert_eq!(missing(&keys_go).await, set(go).difference(&set(there)).count(), "{name:?}: some of what goes is not");
    let counts = counts(there);
    let repeated = set(come).into_iter().filter(|value| counts[value] > 1).count();
    assert_eq!(by_keys.repeated(name, &keys_come).await.unwrap(), Some(repeated as u64), "{name:?}");
    let changed = keys_go.and(&keys_come);
    if let Some(rows) = by_keys.rows(name, &changed).await.unwrap() {
        let values: BTreeSet<&String> = set(go).union(&set(come)).copied().collect();
        let expected = counts_of(there, &values).into_iter().sum::<usize>();
        let found = rows.statistics().unwrap().num_rows;
        assert_eq!(found.get_value(), Some(&expected), "{name:?}");
        for (when, values_then) in [(When::Published, was), (When::Staged, there)] {
            let Some(rows) = by_keys.grouped_rows(name, &changed, when).await.unwrap() else { continue };
            let mut expected: Vec<usize> = counts_of(values_then, &values);
            expected.sort_unstable();
            assert_eq!(sizes(rows, &name.column).await, expected, "{name:?} {when:?}");
        }
    }
}

/// In how many rows each of some values is, if in any.
fn counts_of(values: &Values, some: &BTreeSet<&String>) -> Vec<usize> {
    counts(values).into_iter().filter(|(value, _)| some.contains(value)).map(|(_, count)| count).collect()
}

/// How many rows each group has.
async fn sizes(rows: Arc<dyn TableProvider>, column: &str) -> Vec<usize> {
    let groups = SessionContext::new().read_table(rows).unwrap().select_columns(&[column]).unwrap();
    let groups: Vec<Option<String>> = texts(&groups.collect().await.unwrap()).into_iter().map(Some).collect();
    let mut sizes: Vec<usize> = counts(&groups).into_values().collect();
    sizes.sort_unstable();
    sizes
}

async fn sides(by_keys: &dyn ByKeys, name: &ColumnName) -> (Keys, Keys) {
    // Few rows changed.
    (by_keys.that_go(name).await.unwrap().unwrap(), by_keys.that_come(name).await.unwrap().unwrap())
}

fn rows(ids: impl Iterator<Item = u32>, name: impl Fn(u32) -> Option<u32>) -> Rows {
    let row = |id: u32| format!("{id}|{}", name(id).map_or("NULL".to_string(), |name| format!("n{name}")));
    let rows: Vec<String> = ids.map(row).collect();
    Rows::of("id int, name text").with(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Nulls, names of several rows, and most of one.
fn first_name(id: u32) -> Option<u32> {
    (id % 17 != 3).then_some(if id.is_multiple_of(10) { id / 10 } else { 10_000 + id })
}

async fn keys_of_a_large_table_are_those_of_its_rows(ground: Ground) {
    let (t, u) = (ground.name("t"), ground.name("u"));
    ground.publish(&t, &rows(1..=6000, first_name), replace()).await;
    ground.publish(&u, &rows(1..=3000, |id| Some(id * 2)), replace()).await;
    for step in 0..4u32 {
        let publication = ground.begin(&[&t, &u]).await;
        agree(&ground, &publication, &t).await;
        let some = move |id: &u32| id % 97 == step * 7;
        let renamed = rows((1..=6100).filter(some), |id| (id % 5 > 0).then_some(id % 400 * (step + 1)));
        let mode = if step == 2 { merge_changed(&["id"], &[]) } else { merge(&["id"]) };
        publication.stage(&t, renamed.streams(), mode).await.unwrap();
        agree(&ground, &publication, &t).await;
        let gone: Vec<String> = (1..=6000).filter(|id| id % 89 == step).map(|id| id.to_string()).collect();
        let gone = Rows::of("id int").with(&gone.iter().map(String::as_str).collect::<Vec<_>>());
        publication.stage_delete(&t, &key(&["id"]), gone.streams()).await.unwrap();
        agree(&ground, &publication, &t).await;
        if step == 3 {
            publication.stage(&t, rows(7000..7010, Some).streams(), StageMode::Append).await.unwrap();
            agree(&ground, &publication, &t).await;
        }
        rows_go_by_keys_of_another_table(&ground, &publication, (&t, &u), if step == 1 { "name" } else { "id" }).await;
        agree(&ground, &publication, &u).await;
        publication.commit().await.unwrap();
    }
}

async fn rows_go_by_keys_of_another_table(
    ground: &Ground,
    publication: &Arc<dyn Publication>,
    (t, u): (&RelationName, &RelationName),
    name: &str,
) {
    let Some(by_keys) = publication.by_keys() else { return };
    let (of, to) = (column(ground, publication, t, name).await, column(ground, publication, u, name).await);
    let (_, come) = sides(by_keys, &of.name).await;
    let missing = by_keys.missing(&to.name, &come).await.unwrap().unwrap();
    assert_eq!(missing.len(), set(&of.come).difference(&set(&to.there)).count());
    let staged = by_keys.stage_delete(&to.name, &come).await.unwrap().unwrap();
    let (going, staying): (Values, Values) =
        to.there.into_iter().partition(|value| value.as_ref().is_some_and(|value| set(&of.come).contains(value)));
    assert_eq!((staged.removed, staged.changed), (going.len() as u64, !going.is_empty()));
    assert_eq!(column(ground, publication, u, name).await.there, staying);
}

async fn keys_of_another_type_are_none_of_a_column(ground: Ground) {
    let t = ground.name("t");
    ground.publish(&t, &rows(1..=10, Some), replace()).await;
    let publication = ground.begin(&[&t]).await;
    publication.stage(&t, rows(5..=12, |id| Some(id + 1)).streams(), merge(&["id"])).await.unwrap();
    let Some(by_keys) = publication.by_keys() else { return };
    let name = |column: &str| ColumnName { table: t.clone(), column: column.to_string() };
    let ids = by_keys.that_come(&name("id")).await.unwrap().unwrap();
    for column in ["name", "nothing"] {
        assert_eq!(by_keys.missing(&name(column), &ids).await.unwrap(), None);
        assert_eq!(by_keys.repeated(&name(column), &ids).await.unwrap(), None);
        assert!(by_keys.rows(&name(column), &ids).await.unwrap().is_none());
        assert_eq!(by_keys.stage_delete(&name(column), &ids).await.unwrap(), None);
    }
    assert_eq!(by_keys.that_come(&name("nothing")).await.unwrap(), None);
    assert_eq!(by_keys.that_go(&name("nothing")).await.unwrap(), None);
    assert_eq!(by_keys.more_nulls(&name("nothing")).await.unwrap(), None);
}

on_both![keys_of_a_large_table_are_those_of_its_rows, keys_of_another_type_are_none_of_a_column];
