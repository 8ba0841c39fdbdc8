//! Which output of `profiles.yml` the run takes, and its values rendered.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::Manifest;
use super::render::{Context, Renderer};
use crate::diagnostic::{Diagnostic, Place};
use crate::jinja::Jinja;
use crate::project::yaml::{Data, Key, Yaml};
use crate::project::{
    Output, Profile, ProfileValue, ProfilesFile, ProjectFile, ProjectOptions, Secret, Spot, TargetProfile,
};

/// The warehouses there are: the values of `type:`.
const KINDS: [&str; 2] = ["delta", "postgres"];

const DEFAULT_THREADS: usize = 4;

const DEFAULT_SCHEMA: &str = "public";

impl Manifest {
    /// The databases of the profile's other targets, where they are not this target's too. Only their names are
    /// rendered: nothing else of another target has to be right.
    pub fn other_databases(&self) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
        let profiles = ProfilesFile::find(&self.options)?;
        let context = Context::of_profiles(&self.options);
        let renderer = Renderer { jinja: &self.jinja, context: &context, package: &self.project_name };
        let outputs = profiles.profiles.get(&self.target.profile_name).map(|profile| &profile.outputs);
        let mut databases = BTreeSet::new();
        for (name, output) in outputs.into_iter().flatten().filter(|(name, _)| **name != self.target.target_name) {
            let named = named_only(output);
            let rendered = RenderedOutput::render(name, &named, &renderer)?;
            let kind = rendered.kind().map_err(|error| vec![error])?;
            databases.insert(rendered.database(&kind).map_err(|error| vec![error])?);
        }
        databases.remove(&self.target.database);
        Ok(databases)
    }
}

/// The output without what does not say which database it is.
fn named_only(output: &Output) -> Output {
    let mut named = output.clone();
    if let Data::Map(entries) = &mut named.fields.data {
        entries.retain(|(key, _)| ["type", "database", "dbname"].contains(&key.text.as_str()));
    }
    named
}

/// Chooses profile and output, and renders the output; other outputs' variables need not exist.
pub(super) fn target_of(options: &ProjectOptions, project: &ProjectFile) -> Result<TargetProfile, Vec<Diagnostic>> {
    let profiles = ProfilesFile::find(options)?;
    let jinja = Jinja::new(&project.name.value, Vec::new())?;
    let context = Context::of_profiles(options);
    let renderer = Renderer { jinja: &jinja, context: &context, package: &project.name.value };
    let (profile_name, profile) =
        choose_profile(options, project, &profiles, &renderer).map_err(|error| vec![error])?;
    let (target_name, output) =
        choose_output(options, &profile_name, profile, &renderer).map_err(|error| vec![error])?;
    read_output(&profile_name, &target_name, output, options, &renderer)
}

fn choose_profile<'p>(
    options: &ProjectOptions,
    project: &ProjectFile,
    profiles: &'p ProfilesFile,
    renderer: &Renderer<'_>,
) -> Result<(String, &'p Profile), Diagnostic> {
    let (name, place) = match (&options.profile, &project.profile) {
        (Some(name), _) => (name.clone(), None),
        (None, Some(name)) => (renderer.text(&name.value, &name.spot)?, Some(name.spot.place())),
        (None, None) => {
            let start = Spot::start_of(&project.file).place();
            let error = Diagnostic::new("dbt_project.yml names no 'profile'").at(start);
            return Err(error.hint("add `profile: <name>`, or give --profile"));
        }
    };
    let known = || profiles.profiles.keys().map(String::as_str);
    let profile = profiles.profiles.get(&name).ok_or_else(|| {
        let message = format!("no profile '{name}' in {}", profiles.file.path.display());
        at_if(Diagnostic::new(message), place).known_names(&name, "profiles", known())
    })?;
    Ok((name, profile))
}

fn choose_output<'p>(
    options: &ProjectOptions,
    profile_name: &str,
    profile: &'p Profile,
    renderer: &Renderer<'_>,
) -> Result<(String, &'p Output), Diagnostic> {
    let (name, place) = match (&options.target, &profile.target) {
        (Some(name), _) => (name.clone(), profile.spot.place()),
        (None, Some(name)) => (renderer.text(&name.value, &name.spot)?, name.spot.place()),
        (None, None) => ("default".to_string(), profile.spot.place()),
    };
    let output = profile.outputs.get(&name).ok_or_else(|| {
        let message = format!("the profile '{profile_name}' has no target '{name}'");
        let known = profile.outputs.keys().map(String::as_str);
        Diagnostic::new(message).at(place).known_names(&name, "targets", known)
    })?;
    Ok((name, output))
}

fn at_if(error: Diagnostic, place: Option<Place>) -> Diagnostic {
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}

fn read_output(
    profile_name: &str,
    target_name: &str,
    output: &Output,
    options: &ProjectOptions,
    renderer: &Renderer<'_>,
) -> Result<TargetProfile, Vec<Diagnostic>> {
    let rendered = RenderedOutput::render(target_name, output, renderer)?;
    let mut errors = Vec::new();
    let mut keep = |error: Diagnostic| errors.push(error);
    let kind = rendered.kind().map_err(&mut keep).unwrap_or_default();
    let threads = rendered.threads(options).map_err(&mut keep).unwrap_or_default();
    let database = rendered.database(&kind).map_err(&mut keep).unwrap_or_default();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(TargetProfile {
        profile_name: profile_name.to_string(),
        target_name: target_name.to_string(),
        schema: rendered.text("schema").unwrap_or_else(|| DEFAULT_SCHEMA.to_string()),
        database,
        kind,
        threads,
        fields: rendered.fields,
    })
}

/// An output's values, and where they stand.
struct RenderedOutput<'p> {
    target_name: &'p str,
    output: &'p Output,
    entries: &'p [(Key, Yaml)],
    fields: IndexMap<String, ProfileValue>,
}

impl<'p> RenderedOutput<'p> {
    fn render(target_name: &'p str, output: &'p Output, renderer: &Renderer<'_>) -> Result<Self, Vec<Diagnostic>> {
        let entries = match &output.fields.data {
            Data::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let file = output.spot.file();
        let mut errors = Vec::new();
        let mut fields = IndexMap::new();
        for (key, value) in entries {
            match profile_value(key, value, &value.span.spot(file), renderer) {
                Ok(value) => {
                    fields.insert(key.text.clone(), value);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(RenderedOutput { target_name, output, entries, fields }) } else { Err(errors) }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key).and_then(ProfileValue::reveal)
    }

    /// The error at the value of `key`, or at the output when it has none.
    fn error(&self, key: &str, message: String) -> Diagnostic {
        let value = self.entries.iter().find(|(name, _)| name.text == key);
        let spot = value.map(|(_, value)| value.span.spot(self.output.spot.file()));
        Diagnostic::new(message).at(spot.as_ref().unwrap_or(&self.output.spot).place())
    }

    fn kind(&self) -> Result<String, Diagnostic> {
        let Some(kind) = self.text("type") else {
            let error = self.error("type", format!("the target '{}' has no 'type'", self.target_name));
            return Err(error.hint(format!("add `type: {}`", KINDS.join("` or `type: "))));
        };
        if KINDS.contains(&kind.as_str()) {
            return Ok(kind);
        }
        Err(self.error("type", format!("unknown warehouse type '{kind}'")).known_names(&kind, "types", KINDS))
    }

    fn threads(&self, options: &ProjectOptions) -> Result<usize, Diagnostic> {
        let written = match (options.threads, self.text("threads")) {
            (Some(threads), _) => return Ok(threads.max(1)),
            (None, None) => return Ok(DEFAULT_THREADS),
            (None, Some(written)) => written,
        };
        let threads = written.parse().ok().filter(|&threads| threads > 0);
        threads.ok_or_else(|| self.error("threads", format!("'{written}' is not a number of threads")))
    }

    /// The lake needs no name of its own: each target is a database of it.
    fn database(&self, kind: &str) -> Result<String, Diagnostic> {
        let named = self.text("database").or_else(|| self.text("dbname"));
        let default = || (kind == "delta").then(|| self.target_name.to_string());
        named.or_else(default).ok_or_else(|| {
            let error = self.error("dbname", format!("the target '{}' has no 'dbname'", self.target_name));
            error.hint("add `dbname: <database>`")
        })
    }
}

/// A value of an output; everything below `storage_options` is secret, since stores have many names for their keys.
fn profile_value(key: &Key, yaml: &Yaml, spot: &Spot, renderer: &Renderer<'_>) -> Result<ProfileValue, Diagnostic> {
    if let Data::Map(entries) = &yaml.data {
        let secret = key.text == "storage_options";
        let entry = |(key, yaml): &(Key, Yaml)| {
            let spot = yaml.span.spot(spot.file());
            let value = match profile_value(key, yaml, &spot, renderer)? {
                value @ ProfileValue::Plain(_) if secret => {
                    ProfileValue::Secret(Secret::new(value.reveal().unwrap_or_default()))
                }
                value => value,
            };
            Ok((key.text.clone(), value))
        };
        return entries.iter().map(entry).collect::<Result<_, _>>().map(ProfileValue::Map);
    }
    let value = renderer.value(&yaml.to_json(), spot)?;
    if !Secret::is_secret_key(&key.text) {
        return Ok(ProfileValue::Plain(value));
    }
    let text = match (&yaml.data, &value) {
        // A password of digits alone is still the text as written.
        (Data::Scalar(scalar), Value::Number(_) | Value::Bool(_)) if scalar.value == value => scalar.text.clone(),
        _ => ProfileValue::Plain(value).reveal().unwrap_or_default(),
    };
    Ok(ProfileValue::Secret(Secret::new(text)))
}
