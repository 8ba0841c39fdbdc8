//! Files that a statement names by path: `select * from 'data/x.csv'`.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{DynamicFileCatalog, TableProvider, UrlTableFactory};
use datafusion::common::plan_err;
use datafusion::datasource::listing::{ListingTable, ListingTableConfig, ListingTableConfigExt, ListingTableUrl};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

/// What the name of a file that is not there ends with; another name is one of a table.
const ENDINGS: &[&str] = &["csv", "json", "ndjson", "parquet", "tsv", "txt", "gz", "zst", "bz2", "xz"];

const COMPRESSED: &[&str] = &["gz", "zst", "bz2", "xz"];

/// The session, in which what is no table is looked for as a file.
///
/// `SessionContext::enable_url_table` would build another state, in which DataFusion's functions may take the place of those
/// that stand over them: it registers each once for every name it had, in any order.
pub fn with_files(context: &SessionContext) -> SessionContext {
    let mut state = context.state();
    // A line break in quotes is part of a value, so that a file cannot be cut at any line break.
    state.config_mut().options_mut().catalog.newlines_in_values = true;
    let files = Arc::new(Files { state: state.clone() });
    state.register_catalog_list(Arc::new(DynamicFileCatalog::new(Arc::clone(state.catalog_list()), files)));
    SessionContext::new_with_state(state)
}

#[derive(Debug)]
struct Files {
    /// Has the settings; knows no files itself.
    state: SessionState,
}

#[async_trait]
impl UrlTableFactory for Files {
    async fn try_new(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let path = Path::new(name);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let Ok(url) = ListingTableUrl::parse(name) else { return Ok(None) };
        let is_one_here = url.scheme() == "file" && url.get_glob().is_none() && !name.starts_with("file:");
        if is_one_here && !path.exists() {
            return match name.contains('/') || ENDINGS.contains(&ending.as_str()) {
                true => plan_err!("there is no file {name}"),
                false => Ok(None),
            };
        }
        if COMPRESSED.contains(&ending.as_str()) {
            return plan_err!("{name} is compressed: unpack it to read it");
        }
        let Ok(config) = ListingTableConfig::new(url).infer_options(&self.state).await else { return Ok(None) };
        let config = config.infer_partitions_from_path(&self.state).await?.infer_schema(&self.state).await?;
        Ok(Some(Arc::new(ListingTable::try_new(config)?)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::util::display::array_value_to_string;
    use async_trait::async_trait;
    use datafusion::catalog::TableProvider;
    use futures::TryStreamExt;

    use super::super::{Engine, EngineOptions, Relations, Session, SessionOptions};
    use crate::relation::RelationName;
    use crate::warehouse::{Description, WarehouseError};

    struct Nothing;

    #[async_trait]
    impl Relations for Nothing {
        fn names(&self) -> Vec<RelationName> {
            vec![]
        }

        fn describe(&self, _: &RelationName) -> Option<Description> {
            None
        }

        async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
            Err(WarehouseError::NoSuchRelation(name.clone()))
        }
    }

    fn session() -> Session {
        let engine = Engine::new(EngineOptions::default()).unwrap();
        let instant = chrono::DateTime::UNIX_EPOCH;
        let options = SessionOptions { database: "dev".to_string(), schema: "main".to_string(), instant, most_keys: 0 };
        engine.session(Arc::new(Nothing), &options).unwrap()
    }

    /// The first value of the first row.
    async fn value(session: &Session, sql: &str) -> Result<String, String> {
        let stream = session.stream_with_files(sql).await.map_err(|error| error.strip_backtrace())?;
        let batches: Vec<_> = stream.try_collect().await.map_err(|error| error.strip_backtrace())?;
        let first = batches.iter().find(|batch| batch.num_rows() > 0).unwrap();
        Ok(array_value_to_string(first.column(0), 0).unwrap())
    }

    /// Which function a name stands for must not hang on the order of a hash map, which each session has its own of.
    #[tokio::test]
    async fn functions_are_the_same_in_every_session() {
        for _ in 0..20 {
            let session = session();
            for (sql, expected) in [
                ("select to_char(date '2024-05-07', 'Day')", "Tuesday  "),
                ("select date_trunc('month', date '2024-05-07')::text", "2024-05-01 00:00:00+00"),
                ("select date_part('year', date '2024-05-07')::text", "2024"),
                ("select ceil(2.1), trunc(2.567, 2)", "3"),
            ] {
                assert_eq!(value(&session, sql).await.as_deref(), Ok(expected), "{sql}");
            }
        }
    }

    #[tokio::test]
    async fn a_line_break_in_quotes_is_part_of_a_value() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("z.csv");
        let records: String = (0..300_000).map(|id| format!("{id},\"a\n7,b\"\n")).collect();
        std::fs::write(&file, format!("id,b\n{records}")).unwrap();
        let sql = format!("select count(*) from '{}' where b = 'a\n7,b'", file.display());
        assert_eq!(value(&session(), &sql).await.as_deref(), Ok("300000"));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let packed = folder.path().join("z.csv.gz");
        std::fs::write(&packed, "").unwrap();
        for (name, expected) in [
            ("nofile.csv".to_string(), "there is no file nofile.csv"),
            ("data/none".to_string(), "there is no file data/none"),
            ("none".to_string(), "table 'dev.main.none' not found"),
            (packed.display().to_string(), "is compressed: unpack it to read it"),
        ] {
            let error = value(&session(), &format!("select * from '{name}'")).await.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
