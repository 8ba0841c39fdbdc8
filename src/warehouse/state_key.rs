//! The names of documents, see [`Publication::put_state`](super::Publication::put_state): each begins with what it
//! belongs to, so that whoever moves a database moves its documents.

use super::RelationName;

/// Of a node's outcome.
pub fn node(database: &str, schema: &str, id: &str) -> String {
    format!("node/{database}/{schema}/{id}")
}

/// The beginning of what a load knows of its table.
pub fn load(relation: &RelationName) -> String {
    format!("load/{}", relation.quoted())
}

/// The beginning of those that say which files a table was loaded from.
pub fn files(relation: &RelationName) -> String {
    format!("{}/file/", load(relation))
}

/// Of the states that loads alone made of a table.
pub fn lineage(relation: &RelationName) -> String {
    format!("{}/lineage", load(relation))
}

/// Of how many values of a table's columns are null.
pub fn nulls(relation: &RelationName) -> String {
    format!("nulls/{}", relation.quoted())
}

/// Whether the document belongs to a database.
pub fn is_of(key: &str, database: &str) -> bool {
    let node = key.strip_prefix("node/").and_then(|rest| rest.strip_prefix(database));
    let quoted = format!("\"{}\"", database.replace('"', "\"\""));
    let relation = ["load/", "nulls/"].iter().find_map(|kind| key.strip_prefix(kind)?.strip_prefix(&quoted));
    node.is_some_and(|rest| rest.starts_with('/')) || relation.is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_belongs_to_the_database_it_names_and_to_no_other() {
        let node = node("dev", "main", "model.shop.a");
        let load = format!("{}/last", load(&RelationName::new("dev", "raw", "n")));
        let nulls = nulls(&RelationName::new("dev", "raw", "n"));
        for key in [node, load, nulls] {
            assert!(is_of(&key, "dev"), "{key}");
            for other in ["de", "dev2", "main", "", "raw"] {
                assert!(!is_of(&key, other), "{key} {other}");
            }
        }
    }
}
