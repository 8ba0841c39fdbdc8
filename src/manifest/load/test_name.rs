//! What dbt calls a generic test.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::python::{hashable, repr_of, str_of};

/// Longer names are cut for the file and relation of a test.
const MAX_LENGTH: usize = 63;

/// How much of the test's and model's names a cut name keeps before the hash.
const KEPT: usize = 30;

/// The name made of a test, what it tests, and its arguments: the full one, and one short enough for a relation.
///
/// `test` is the macro's name with `source_` and the package before it; `kwargs` has `column_name`.
pub(super) fn names(test: &str, target: &str, kwargs: &Map<String, Value>) -> (String, String) {
    let mut keys: Vec<&String> = kwargs.keys().filter(|key| *key != "model").collect();
    keys.sort();
    let parts = keys.into_iter().flat_map(|key| match &kwargs[key] {
        Value::Object(map) => map.values().map(str_of).collect(),
        Value::Array(items) => items.iter().map(str_of).collect(),
        scalar => vec![str_of(scalar)],
    });
    let parts: Vec<String> = parts.map(|part| clean(&part)).collect();
    let identifier = format!("{test}_{target}");
    let full = format!("{identifier}_{}", parts.join("__"));
    if full.chars().count() <= MAX_LENGTH {
        return (full.clone(), full);
    }
    let kept: String = identifier.chars().take(KEPT).collect();
    let short = format!("{kept}_{}", md5_hex(&full));
    (full, short)
}

/// The ten hex digits at the end of a generic test's unique id.
pub(super) fn id_hash(name: &str, package: Option<&str>, test: &str, kwargs: &Map<String, Value>) -> String {
    let metadata = json!({ "namespace": package, "name": test, "kwargs": kwargs });
    let digest = md5_hex(&format!("{name}{}", repr_of(&hashable(&metadata))));
    digest[digest.len() - 10..].to_string()
}

/// Every run of other characters than letters, digits and underscores becomes one underscore.
fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    let mut in_run = false;
    for part in text.chars() {
        let plain = part.is_ascii_alphanumeric() || part == '_';
        if plain {
            cleaned.push(part);
        } else if !in_run {
            cleaned.push('_');
        }
        in_run = !plain;
    }
    cleaned
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwargs(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn model(name: &str) -> String {
        format!("{{{{ get_where_subquery(ref('{name}')) }}}}")
    }

    /// Names and ids of dbt's own jaffle_shop project.
    #[test]
    fn names_and_hashes_are_those_of_dbt() {
        let cases = [
            (
                "not_null",
                "customers",
                json!({"column_name": "customer_id"}),
                "not_null_customers_customer_id",
                "5c9bf9911d",
            ),
            (
                "unique",
                "customers",
                json!({"column_name": "customer_id"}),
                "unique_customers_customer_id",
                "c5af1ff4b1",
            ),
            (
                "accepted_values",
                "orders",
                json!({"column_name": "status", "values": ["placed", "shipped", "completed", "return_pending", "returned"]}),
                "accepted_values_orders_status__placed__shipped__completed__return_pending__returned",
                "be6b5b5ec3",
            ),
            (
                "relationships",
                "orders",
                json!({"column_name": "customer_id", "to": "ref('customers')", "field": "customer_id"}),
                "relationships_orders_customer_id__customer_id__ref_customers_",
                "c6ec7f58f2",
            ),
        ];
        for (test, target, arguments, name, hash) in cases {
            let mut arguments = kwargs(&arguments);
            assert_eq!(names(test, target, &arguments).0, name);
            arguments.insert("model".to_string(), model(target).into());
            assert_eq!(id_hash(name, None, test, &arguments), hash, "{name}");
        }
    }

    #[test]
    fn long_names_keep_thirty_characters_and_a_hash() {
        let values = kwargs(
            &json!({"column_name": "status", "values": ["placed", "shipped", "completed", "return_pending", "returned"]}),
        );
        let (full, short) = names("accepted_values", "stg_orders", &values);
        assert_eq!(full, "accepted_values_stg_orders_status__placed__shipped__completed__return_pending__returned");
        assert_eq!(short, "accepted_values_stg_orders_4f514bf94b77b7ea437830eec4421c58");
        let exactly = "x".repeat(MAX_LENGTH - "not_null_m_".len());
        let (full, short) = names("not_null", "m", &kwargs(&json!({"column_name": exactly})));
        assert_eq!((full.len(), full == short), (63, true));
        let (full, short) = names("not_null", "m", &kwargs(&json!({"column_name": exactly + "x"})));
        assert_eq!((full.len(), full == short), (64, false));
    }
}
