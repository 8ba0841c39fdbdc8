//! Keys that are looked for in data files, with and without their key files.

use std::collections::HashSet;

use super::super::files::FileWriter;
use super::super::key_file::CHUNK_ROWS;
use super::*;
use arrow::array::{ArrayRef, Int64Array, StringArray};

const ROWS: i64 = 100_000;

/// A table of one file: numbers, texts with some nulls among them, and a column of few values.
struct Table {
    search: KeySearch,
    file: DataFile,
    rows: RecordBatch,
}

impl Table {
    async fn new(rows: i64, makes: bool) -> Self {
        let text = |row: i64| (row % 11 != 3).then(|| format!("text {}", row * 7 % rows));
        let rows = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row * 3))) as ArrayRef),
            ("text", Arc::new(StringArray::from_iter((0..rows).map(text)))),
            ("few", Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row % 5)))),
        ])
        .unwrap();
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let label = uuid::Uuid::now_v7().simple().to_string();
        let mut writer = FileWriter::create(&lake, "t", &label, &rows.schema());
        writer.write(&rows).await.unwrap();
        let file = writer.close().await.unwrap();
        Table { search: KeySearch { lake, dir: "t".into(), makes }, file, rows }
    }

    fn keys(&self, columns: &[usize]) -> Hashed {
        Hashed::keys(&self.rows.schema(), columns).unwrap()
    }

    /// Of these rows.
    fn index(&self, hashed: &Hashed, columns: &[usize], rows: &[usize]) -> KeyIndex {
        let all = hashed.of(&self.rows.project(columns).unwrap()).unwrap();
        let some: Vec<u128> = rows.iter().map(|row| all[*row]).collect();
        KeyIndex::of(&[&some], true)
    }

    /// From now on nothing but key files can be read.
    async fn lose_data(&self) {
        self.search.lake.delete(&self.search.lake.path(&["t", &self.file.path])).await.unwrap();
    }

    async fn key_files(&self) -> usize {
        self.search.lake.list(&self.search.lake.path(&["t", FOLDER])).await.unwrap().len()
    }
}

#[tokio::test]
async fn keys_are_found_by_reading_and_then_in_their_file() {
    let table = Table::new(ROWS, true).await;
    let wanted = [5, 3, 70_000, 99_999, 14];
    for columns in [vec![0], vec![1], vec![0, 1]] {
        let keys = table.keys(&columns);
        let index = table.index(&keys, &columns, &wanted);
        let read = table.search.find(&table.file, &keys, &index).await.unwrap();
        // Of the texts, those of rows 3 and 14 are null, and no key.
        let is_key = |at: &usize| columns == [0] || *at % 11 != 3;
        let mut expected: Vec<u64> = wanted.iter().filter(|at| is_key(at)).map(|at| *at as u64).collect();
        expected.sort_unstable();
        assert_eq!(read.iter().map(|(row, _)| *row).collect::<Vec<_>>(), expected, "{columns:?}");
        assert!(read.iter().all(|(row, (_, place))| wanted[*place as usize] as u64 == *row));
    }
    assert_eq!(table.key_files().await, 3);
    table.lose_data().await;
    let keys = table.keys(&[1]);
    let found = table.search.find(&table.file, &keys, &table.index(&keys, &[1], &wanted)).await.unwrap();
    assert_eq!(found.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [5, 70_000, 99_999]);
}

#[tokio::test]
async fn most_rows_without_the_keys_are_passed_over() {
    let table = Table::new(ROWS, true).await;
    let keys = table.keys(&[1]);
    let wanted: Vec<usize> = (0..ROWS as usize).step_by(37).collect();
    let index = table.index(&keys, &[1], &wanted);
    let expected: HashSet<u64> = wanted.iter().filter(|row| **row % 11 != 3).map(|row| *row as u64).collect();
    let read = table.search.find_most(&table.file, &keys, &index).await.unwrap().unwrap();
    table.lose_data().await;
    let again = table.search.find_most(&table.file, &keys, &index).await.unwrap().unwrap();
    for found in [read, again] {
        assert!(expected.iter().all(|row| found.contains(*row)));
        assert!(found.len() <= expected.len() as u64 + 5, "{} of {}", found.len(), expected.len());
    }
}

#[tokio::test]
async fn a_key_file_is_made_where_it_is_worth_it() {
    let wanted = [5, 70];
    let (few_rows, reads) = (Table::new(1000, true).await, Table::new(ROWS, false).await);
    for table in [few_rows, reads] {
        let keys = table.keys(&[0]);
        let index = table.index(&keys, &[0], &wanted);
        assert_eq!(table.search.find(&table.file, &keys, &index).await.unwrap().len(), 2);
        assert_eq!(table.search.find_most(&table.file, &keys, &index).await.unwrap(), None);
        assert_eq!(table.key_files().await, 0);
    }
    let table = Table::new(ROWS, true).await;
    let keys = table.keys(&[2]);
    let index = table.index(&keys, &[2], &wanted);
    assert_eq!(table.search.find_most(&table.file, &keys, &index).await.unwrap(), None, "few values");
    assert_eq!(table.key_files().await, 0);
}

#[tokio::test]
async fn a_damaged_key_file_is_made_again() {
    let table = Table::new(ROWS, true).await;
    let (keys, rows) = (table.keys(&[0]), Hashed::rows(&table.rows.schema(), &[0, 1, 2]).unwrap());
    let index = table.index(&keys, &[0], &[9, 50_000]);
    let wanted: RoaringTreemap = (0..ROWS as u64).step_by(1000).collect();
    let first = (
        table.search.find(&table.file, &keys, &index).await.unwrap(),
        table.search.at(&table.file, &rows, &wanted).await.unwrap(),
    );
    let paths = [table.search.path(&table.file.path, &keys), table.search.path(&table.file.path, &rows)];
    for path in &paths {
        let mut bytes = table.search.lake.read(path).await.unwrap().unwrap().to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        table.search.lake.put(path, bytes).await.unwrap();
    }
    for _ in 0..2 {
        assert!(table.search.find(&table.file, &keys, &index).await.unwrap() == first.0);
        assert!(table.search.at(&table.file, &rows, &wanted).await.unwrap() == first.1);
        // The second time without any data.
        table.lose_data().await;
    }
}

#[tokio::test]
async fn hashes_of_rows_are_the_same_wherever_they_come_from() {
    let table = Table::new(ROWS, true).await;
    let rows = Hashed::rows(&table.rows.schema(), &[0, 1, 2]).unwrap();
    let all: Vec<Kept> = rows.of(&table.rows).unwrap().into_iter().map(Kept::of).collect();
    let few: RoaringTreemap = [7, 50_000].into_iter().collect();
    let expected = |rows: &RoaringTreemap| rows.iter().map(|row| all[row as usize]).collect::<Vec<_>>();
    assert!(table.search.at(&table.file, &rows, &few).await.unwrap() == expected(&few));
    assert_eq!(table.key_files().await, 0, "of few rows nothing is kept");
    let many: RoaringTreemap = (0..ROWS as u64).filter(|row| row % 77 < 2).collect();
    assert!(table.search.at(&table.file, &rows, &many).await.unwrap() == expected(&many));
    table.lose_data().await;
    for wanted in [few, many] {
        assert!(table.search.at(&table.file, &rows, &wanted).await.unwrap() == expected(&wanted));
    }
}

#[test]
fn a_key_file_tells_its_data_file() {
    let id = "part-0197f3a2-5e1b-7d51-a1c5-6f4f5a3b2c1d-0197f3a25e1b7d51a1c56f4f5a3b2c1d";
    let path = Path::from(format!("lake/dev/main/t/_keys/{id}-0123456789abcdef.keys"));
    assert_eq!(data_file_of(&path), Some(Path::from(format!("lake/dev/main/t/{id}.parquet"))));
    for foreign in ["t/_keys/x.keys", "t/_keys/x-0123456789abcdef.keys", "_keys", "t/a.parquet"] {
        assert_eq!(data_file_of(&Path::from(foreign)), None, "{foreign}");
    }
    let elsewhere = Path::from(format!("lake/dev/main/t/keys/{id}-0123456789abcdef.keys"));
    assert_eq!(data_file_of(&elsewhere), None);
}

#[tokio::test]
async fn rows_are_numbered_through_all_parts_of_a_key_file() {
    const LAST: usize = 2 * CHUNK_ROWS + 5000;
    let table = Table::new(LAST as i64 + 1, true).await;
    let (keys, values) = (table.keys(&[0]), Hashed::rows(&table.rows.schema(), &[0, 2]).unwrap());
    let wanted = [3, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 77, 2 * CHUNK_ROWS, LAST];
    let index = table.index(&keys, &[0], &wanted);
    let rows: RoaringTreemap = wanted.iter().map(|row| *row as u64).chain((0..LAST as u64).step_by(9000)).collect();
    let all = values.of(&table.rows.project(&[0, 2]).unwrap()).unwrap();
    let expected: Vec<Kept> = rows.iter().map(|row| Kept::of(all[row as usize])).collect();
    for _ in 0..2 {
        let found = table.search.find(&table.file, &keys, &index).await.unwrap();
        assert!(found.iter().map(|(row, _)| *row as usize).eq(wanted));
        let most = table.search.find_most(&table.file, &keys, &index).await.unwrap().unwrap();
        assert!(wanted.iter().all(|row| most.contains(*row as u64)) && most.len() < 12, "{most:?}");
        assert!(table.search.at(&table.file, &values, &rows).await.unwrap() == expected);
        table.lose_data().await;
    }
}
