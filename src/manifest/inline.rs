//! A query that stands in no file of the project.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Config, Node, NodeId, NodeKind};
use crate::project::{Spot, TextFile};

impl Node {
    /// A node for `sql`, which sees what a template of `package` sees.
    pub fn inline(package: &str, sql: &str) -> Self {
        let file = TextFile::new("<inline>", sql);
        Node {
            id: NodeId::new(format!("analysis.{package}.inline")),
            name: "inline".to_string(),
            kind: NodeKind::Analysis,
            package: package.to_string(),
            path: file.path.clone(),
            fqn: vec![package.to_string(), "inline".to_string()],
            description: String::new(),
            columns: IndexMap::new(),
            tags: BTreeSet::new(),
            config: Config::default(),
            relation: None,
            raw_code: sql.to_string(),
            depends_on: Vec::new(),
            refs: Vec::new(),
            sources: Vec::new(),
            macros: Vec::new(),
            test: None,
            source: None,
            load: None,
            patch_path: None,
            spot: Spot::start_of(&file),
        }
    }
}
