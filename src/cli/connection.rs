//! An output of type postgres → how to reach its server.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, nearest};
use crate::project::{Env, ProjectOptions, TargetProfile};
use crate::warehouse::postgres::connect::{Fields, Settings};

/// The settings of a postgres output. Errors point into profiles.yml.
pub fn settings(target: &TargetProfile, options: &ProjectOptions) -> Result<Settings, Vec<Diagnostic>> {
    let fields = fields(target, options);
    let mut errors: Vec<Diagnostic> =
        unknown(target, &fields).filter(|(is_slip, _)| *is_slip).map(|(_, error)| error).collect();
    match fields.settings() {
        Ok(settings) if errors.is_empty() => Ok(settings),
        Ok(_) => Err(errors),
        Err(wrong) => {
            errors.extend(wrong.into_iter().map(|wrong| target.at(written(target, wrong.field), wrong.error)));
            Err(errors)
        }
    }
}

/// Fields that mean nothing here and nothing like them does. dbt lets them pass, so they stop nothing.
pub fn warnings(target: &TargetProfile, options: &ProjectOptions) -> Vec<Diagnostic> {
    if target.kind != "postgres" {
        return Vec::new();
    }
    let fields = fields(target, options);
    unknown(target, &fields).filter(|(is_slip, _)| !is_slip).map(|(_, error)| error).collect()
}

fn fields(target: &TargetProfile, options: &ProjectOptions) -> Fields {
    let values = target.fields.iter().filter_map(|(name, value)| Some((name.clone(), value.reveal()?)));
    let mut fields = Fields::new(values);
    fields.folder = options.project_dir.clone();
    fields.passfile = passfile(&options.env);
    fields
}

/// Each unknown field, and whether it is a known one's name with a slip of the fingers: a `sslmod` must not be ignored.
fn unknown<'a>(target: &'a TargetProfile, fields: &Fields) -> impl Iterator<Item = (bool, Diagnostic)> + 'a {
    let names = fields.unknown_names().into_iter();
    names.map(|(name, error)| (nearest(&name, &Fields::NAMES).is_some(), target.at(&name, error)))
}

/// The name under which a field with two names is written.
fn written<'a>(target: &TargetProfile, field: &'a str) -> &'a str {
    let other = match field {
        "dbname" => "database",
        "password" => "pass",
        _ => return field,
    };
    if target.fields.contains_key(field) { field } else { other }
}

/// libpq's password file.
fn passfile(env: &Env) -> Option<PathBuf> {
    let named = env.get("PGPASSFILE").map(PathBuf::from);
    named.or_else(|| env.get("HOME").map(|home| PathBuf::from(home).join(".pgpass")))
}
