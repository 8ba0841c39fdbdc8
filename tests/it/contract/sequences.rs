//! Any sequence of stagings and publications leaves the rows that a plain list of rows would have.

use medallion::warehouse::{NullCounts, StageMode};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::by_keys;
use super::ground::{Ground, delete_insert, key, merge, merge_changed, replace};
use super::on_both;
use super::rows::Rows;

type Row = (Option<i32>, Option<String>, i32);

#[derive(Debug, Clone)]
enum Step {
    Stage(Way, Vec<Vec<Row>>),
    Delete(Vec<Option<i32>>),
    Unstage,
    Commit,
    Abandon,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Replace,
    ReplaceByKey,
    Append,
    Merge,
    DeleteInsert,
    MergeChanged,
}

impl Way {
    fn mode(self) -> StageMode {
        match self {
            Way::Replace => replace(),
            Way::ReplaceByKey => StageMode::Replace { unique_key: key(&["id"]) },
            Way::Append => StageMode::Append,
            Way::Merge => merge(&["id"]),
            Way::DeleteInsert => delete_insert(&["id"]),
            Way::MergeChanged => merge_changed(&["id"], &["at"]),
        }
    }
}

/// The table as a list.
#[derive(Debug, Clone, Default)]
struct Model(Vec<Row>);

impl Model {
    fn has_double_keys(&self) -> bool {
        let mut keys: Vec<i32> = self.0.iter().filter_map(|row| row.0).collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn stage(&mut self, way: Way, rows: &[Row]) {
        let mut rows = rows.to_vec();
        if matches!(way, Way::ReplaceByKey | Way::Merge | Way::MergeChanged) {
            let all = rows.clone();
            let mut index = 0;
            rows.retain(|row| {
                index += 1;
                row.0.is_none() || !all[index..].iter().any(|later| later.0 == row.0)
            });
        }
        match way {
            Way::Replace | Way::ReplaceByKey => self.0.clear(),
            Way::Append => {}
            Way::MergeChanged => {
                let there = self.0.clone();
                rows.retain(|row| row.0.is_none() || !there.iter().any(|old| (old.0, &old.1) == (row.0, &row.1)));
                self.without(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
            }
            Way::Merge | Way::DeleteInsert => self.without(&rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        }
        self.0.extend(rows);
    }

    fn without(&mut self, keys: &[Option<i32>]) {
        self.0.retain(|row| row.0.is_none() || !keys.contains(&row.0));
    }

    /// Of each column.
    fn nulls(&self) -> Vec<u64> {
        let count = |is_null: fn(&Row) -> bool| self.0.iter().filter(|row| is_null(row)).count() as u64;
        vec![count(|row| row.0.is_none()), count(|row| row.1.is_none()), 0]
    }

    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.0.iter().map(text).collect();
        texts.sort();
        texts
    }
}

fn text(row: &Row) -> String {
    let id = row.0.map_or("NULL".to_string(), |id| id.to_string());
    format!("{id}|{}|{}", row.1.as_deref().unwrap_or("NULL"), row.2)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = prop_oneof![4 => (1..6i32).prop_map(Some), 1 => Just(None)];
    let name = prop_oneof![Just(None), Just(Some("a".to_string())), Just(Some("b".to_string()))];
    let row = (id.clone(), name, 0..3i32);
    let streams = prop::collection::vec(prop::collection::vec(row, 0..5), 1..4);
    let way = prop_oneof![
        Just(Way::Replace),
        Just(Way::ReplaceByKey),
        Just(Way::Append),
        Just(Way::Merge),
        Just(Way::DeleteInsert),
        Just(Way::MergeChanged),
    ];
    let step = prop_oneof![
        8 => (way, streams).prop_map(|(way, streams)| Step::Stage(way, streams)),
        2 => prop::collection::vec(id, 0..4).prop_map(Step::Delete),
        1 => Just(Step::Unstage),
        5 => Just(Step::Commit),
        1 => Just(Step::Abandon),
    ];
    prop::collection::vec(step, 4..14)
}

fn rows_of(streams: &[Vec<Row>]) -> Rows {
    streams.iter().fold(Rows::of("id int, name text, at int"), |rows, stream| {
        let texts: Vec<String> = stream.iter().map(text).collect();
        rows.with(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

async fn check(ground: &Ground, table: &str, steps: &[Step]) {
    let name = ground.name(table);
    let mut visible: Option<Model> = None;
    let mut publication = ground.begin(&[&name]).await;
    let (mut staged, mut touched): (Option<Model>, bool) = (None, false);
    for (number, step) in steps.iter().chain([&Step::Commit]).enumerate() {
        let at = || format!("step {number} of {steps:#?}");
        match step {
            Step::Stage(way, streams) => {
                let mut model = staged.clone().unwrap_or_default();
                // It is for the first rows of a name, and a table whose keys are unique.
                let is_odd = matches!(way, Way::MergeChanged) && (touched || model.has_double_keys());
                let way = if is_odd { Way::Merge } else { *way };
                touched = true;
                publication.stage(&name, rows_of(streams).streams(), way.mode()).await.unwrap();
                model.stage(way, &streams.concat());
                staged = Some(model);
            }
            Step::Delete(keys) => {
                let Some(model) = &mut staged else { continue };
                let texts: Vec<String> =
                    keys.iter().map(|id| id.map_or("NULL".to_string(), |id| id.to_string())).collect();
                let rows = Rows::of("id int").with(&texts.iter().map(String::as_str).collect::<Vec<_>>());
                publication.stage_delete(&name, &key(&["id"]), rows.streams()).await.unwrap();
                touched = true;
                model.without(keys);
            }
            Step::Unstage => {
                publication.unstage(&name);
                touched = false;
                staged.clone_from(&visible);
            }
            Step::Commit | Step::Abandon => {
                if matches!(step, Step::Commit) {
                    publication.commit().await.unwrap();
                    visible.clone_from(&staged);
                }
                drop(publication);
                assert_eq!(ground.rows_if_any(&name).await, visible.as_ref().map(Model::texts), "{}", at());
                if let Some(model) = &visible {
                    let counted = ground.snapshot().await.count_nulls(&name, &["id", "name", "at"]).await.unwrap();
                    let expected = NullCounts { rows: model.0.len() as u64, nulls: model.nulls() };
                    assert!(counted.as_ref().is_none_or(|counted| *counted == expected), "{counted:?} {}", at());
                }
                publication = ground.begin(&[&name]).await;
                touched = false;
                staged.clone_from(&visible);
            }
        }
        if let Some(model) = &staged {
            assert_eq!(ground.staged_rows(&publication, &name).await, model.texts(), "{}", at());
            by_keys::agree(ground, &publication, &name).await;
        }
    }
}

async fn every_sequence_ends_as_a_list_of_rows_would(ground: Ground) {
    let mut runner = TestRunner::deterministic();
    for number in 0..25 {
        let mut steps = steps().new_tree(&mut runner).unwrap().current();
        if number % 2 == 1 {
            // Rows to which few come: a warehouse may then go by those.
            let rows = (1..=300).map(|id| (Some(id), (id % 3 > 0).then(|| "a".to_string()), 0));
            let first = [Step::Stage(Way::ReplaceByKey, vec![rows.collect()]), Step::Commit];
            steps.splice(..0, first);
        }
        check(&ground, &format!("t{number}"), &steps).await;
    }
}

on_both![every_sequence_ends_as_a_list_of_rows_would];
