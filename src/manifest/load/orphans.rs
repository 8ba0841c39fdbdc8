//! `delete_orphans`: the relation whose rows decide which of a model's stay is a parent of the model, whether its SQL
//! reads it too or not.

use serde_json::Value;

use super::resolve::{Call, calls_at};
use crate::diagnostic::Diagnostic;
use crate::manifest::layers::Merged;
use crate::manifest::render::Renderer;
use crate::manifest::{Config, Materialization};
use crate::project::Spot;

/// The calls in `delete_orphans: {to: ref('…')}` of a model that is defined at `spot`.
pub(super) fn calls(
    config: &Config,
    merged: &Merged,
    renderer: &Renderer<'_>,
    spot: &Spot,
) -> Result<Vec<Call>, Diagnostic> {
    let own = config.raw.get("delete_orphans").map(|given| ("delete_orphans", given));
    let given = own.or_else(|| config.meta.get("delete_orphans").map(|given| ("meta", given)));
    let Some((key, given)) = given.filter(|_| config.materialized == Materialization::Incremental && config.enabled)
    else {
        return Ok(Vec::new());
    };
    let spot = merged.spot(key).unwrap_or(spot);
    let to = given.get("to").and_then(Value::as_str).unwrap_or_default();
    let calls = if to.is_empty() { Vec::new() } else { calls_at(&renderer.calls_of(to, spot)?, spot) };
    match calls.as_slice() {
        [_] => Ok(calls),
        _ => Err(Diagnostic::new(format!("delete_orphans: `to` must name one relation, and '{to}' does not"))
            .at(spot.place())
            .hint("write delete_orphans: {to: ref('a_model'), field: its_column}")),
    }
}
