//! What only another program can bring about, at the worst moment.

use std::fmt;
use std::sync::Mutex;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use serde_json::json;

use super::*;
use crate::warehouse::{RelationName, StageMode, state_key};

/// A store in which another program writes an object just before the catalog's next version is put.
#[derive(Debug)]
struct Intruder {
    inner: Arc<dyn ObjectStore>,
    writes: Mutex<Option<Path>>,
}

const FOREIGN: &str = "{\"commitInfo\":{\"timestamp\":1,\"operation\":\"foreign\"}}\n";

impl fmt::Display for Intruder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Intruder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> StoreResult<PutResult> {
        if location.as_ref().contains("_medallion/catalog/") {
            let writes = self.writes.lock().unwrap().take();
            if let Some(path) = writes {
                self.inner.put(&path, FOREIGN.into()).await?;
            }
        }
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A lake in memory with an intruder, who does nothing yet.
fn lake() -> (DeltaWarehouse, Arc<Intruder>) {
    let mut warehouse = DeltaWarehouse::open("memory:///lake", &HashMap::new()).unwrap();
    let intruder = Arc::new(Intruder { inner: Arc::clone(&warehouse.lake.store), writes: Mutex::default() });
    warehouse.lake.store = Arc::clone(&intruder) as Arc<dyn ObjectStore>;
    (warehouse, intruder)
}

fn label() -> RunLabel {
    let (command, target) = ("build".to_string(), "dev".to_string());
    RunLabel { invocation_id: "test".to_string(), command, target, started_at: Utc::now() }
}

fn rows(values: &[i64]) -> SendableRecordBatchStream {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(values.to_vec()))]).unwrap();
    Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter([Ok(batch)])))
}

/// Stages `values` into `name`, with a document about a node and one about a loaded file, and commits.
async fn publish(lake: &DeltaWarehouse, name: &RelationName, values: &[i64]) -> Result<(), WarehouseError> {
    let publication = lake.begin(label(), &[]).await?;
    publication.stage(name, vec![rows(values)], StageMode::Append).await?;
    publication.put_state(&format!("{}n.csv", state_key::files(name)), Some(json!(values)));
    publication.put_state(&state_key::node(&name.database, &name.schema, "model.x"), Some(json!(values)));
    publication.commit().await.map(|_| ())
}

#[tokio::test]
async fn a_publication_whose_place_in_a_log_is_taken_says_so_and_can_be_done_again() {
    let (lake, intruder) = lake();
    let name = RelationName::new("dev", "main", "t");
    publish(&lake, &name, &[1]).await.unwrap();
    let place = Path::from("lake/dev/main/t/_delta_log/00000000000000000001.json");
    *intruder.writes.lock().unwrap() = Some(place);
    let error = publish(&lake, &name, &[2]).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::Overtaken { version: 1, .. }), "{error}");
    // Whoever looks now sees the other program's table, and that the file is not in it.
    let snapshot = lake.snapshot(AsOf::Now).await.unwrap();
    let described = snapshot.describe(&name).unwrap();
    assert_eq!((described.version.as_str(), described.rows), ("dev/main/t@1", None));
    assert_eq!(snapshot.state_keys("load/"), Vec::<String>::new());
    assert_eq!(snapshot.state_keys("node/").len(), 1);
    // Done again it stands on top of that.
    publish(&lake, &name, &[2]).await.unwrap();
    let snapshot = lake.snapshot(AsOf::Now).await.unwrap();
    assert_eq!(snapshot.describe(&name).unwrap().rows, Some(2));
    assert_eq!(snapshot.state_keys("load/").len(), 1);
}

#[tokio::test]
async fn a_rollback_whose_place_in_a_log_is_taken_says_so() {
    let (lake, intruder) = lake();
    let name = RelationName::new("dev", "main", "t");
    publish(&lake, &name, &[1]).await.unwrap();
    publish(&lake, &name, &[2]).await.unwrap();
    *intruder.writes.lock().unwrap() = Some(Path::from("lake/dev/main/t/_delta_log/00000000000000000002.json"));
    let error = lake.rollback("1", &[], label()).await.unwrap_err();
    assert!(matches!(error, WarehouseError::Overtaken { version: 2, .. }), "{error}");
    lake.rollback("1", &[], label()).await.unwrap();
    assert_eq!(lake.snapshot(AsOf::Now).await.unwrap().describe(&name).unwrap().rows, Some(1));
}
