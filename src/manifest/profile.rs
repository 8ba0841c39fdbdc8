//! Which output of `profiles.yml` the run takes, and its values rendered.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use super::Manifest;
use super::render::{Context, Renderer};
use crate::diagnostic::{Diagnostic, Place};
use crate::jinja::Jinja;
use crate::project::yaml::{Data, Key, Yaml};
use crate::project::{
    Output, Profile, ProfileValue, ProfilesFile, Project, ProjectFile, ProjectOptions, Secret, Spot, TargetProfile,
    without_secrets,
};

/// The warehouses there are: the values of `type:`.
const KINDS: [&str; 2] = ["delta", "postgres"];

const DEFAULT_THREADS: usize = 4;

/// At the end of a key: its value is the name of a file that holds the field.
const FILE: &str = "_file";

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

/// The outputs of the chosen profile that are of a kind, all rendered, or those with the given names.
///
/// # Errors
/// When a name is not an output's, or an output cannot be rendered.
pub fn outputs_of(
    options: &ProjectOptions,
    kind: &str,
    names: &[String],
) -> Result<Vec<TargetProfile>, Vec<Diagnostic>> {
    let project = Project::read(&options.project_dir)?.root.project;
    let profiles = ProfilesFile::find(options)?;
    let jinja = Jinja::new(&project.name.value, Vec::new())?;
    let context = Context::of_profiles(options);
    let renderer = Renderer { jinja: &jinja, context: &context, package: &project.name.value };
    let (profile_name, profile) =
        choose_profile(options, &project, &profiles, &renderer).map_err(|error| vec![error])?;
    let mut chosen = Vec::new();
    for name in names.iter().chain(profile.outputs.keys().filter(|_| names.is_empty())) {
        let options = ProjectOptions { target: Some(name.clone()), ..options.clone() };
        let (name, output) = choose_output(&options, &profile_name, profile, &renderer).map_err(|error| vec![error])?;
        if RenderedOutput::kind_of(&name, output, &renderer)? == kind {
            chosen.push(read_output(&profile_name, &name, output, &options, &renderer)?);
        }
    }
    Ok(chosen)
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

/// The outputs of the target's profile in which the databases of `elsewhere` stand. A database without an output of its
/// own is the target's business, as is one in the target's own lake.
pub(super) fn outputs_elsewhere(
    options: &ProjectOptions,
    project: &ProjectFile,
    target: &TargetProfile,
    elsewhere: &BTreeSet<&str>,
) -> Result<Vec<TargetProfile>, Vec<Diagnostic>> {
    if elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let profiles = ProfilesFile::find(options)?;
    let Some(profile) = profiles.profiles.get(&target.profile_name) else { return Ok(Vec::new()) };
    let jinja = Jinja::new(&project.name.value, Vec::new())?;
    let context = Context::of_profiles(options);
    let renderer = Renderer { jinja: &jinja, context: &context, package: &project.name.value };
    let mut found: Vec<TargetProfile> = Vec::new();
    for (name, output) in profile.outputs.iter().filter(|(name, _)| **name != target.target_name) {
        // What an output of no interest lacks is nobody's business.
        let Some(database) = database_of(name, output, &renderer) else { continue };
        if !elsewhere.contains(database.as_str()) || found.iter().any(|known| known.database == database) {
            continue;
        }
        let place = read_output(&target.profile_name, name, output, options, &renderer)?;
        let same_lake = place.kind == "delta" && target.kind == "delta" && place.text("path") == target.text("path");
        if !same_lake {
            found.push(place);
        }
    }
    Ok(found)
}

/// The database of an output, where its name can be rendered.
fn database_of(name: &str, output: &Output, renderer: &Renderer<'_>) -> Option<String> {
    let Data::Map(entries) = &output.fields.data else { return None };
    let text = |wanted: &str| {
        let (key, yaml) = entries.iter().find(|(key, _)| key.text == wanted)?;
        profile_value(key, yaml, &yaml.span.spot(output.spot.file()), renderer).ok()?.reveal()
    };
    let default = || (text("type").as_deref() == Some("delta")).then(|| name.to_string());
    text("database").or_else(|| text("dbname")).or_else(default)
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
    let mut rendered = RenderedOutput::render(target_name, output, renderer)?;
    rendered.read_files(&options.project_dir)?;
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
        spots: rendered.spots(),
        spot: Some(output.spot.clone()),
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

    /// The type of an output, without its other fields, whose variables need not exist.
    fn kind_of(name: &str, output: &'p Output, renderer: &Renderer<'_>) -> Result<String, Vec<Diagnostic>> {
        let mut rendered = RenderedOutput { target_name: name, output, entries: &[], fields: IndexMap::new() };
        if let Data::Map(entries) = &output.fields.data
            && let Some((key, value)) = entries.iter().find(|(key, _)| key.text == "type")
        {
            rendered.entries = entries.as_slice();
            let value = profile_value(key, value, &value.span.spot(output.spot.file()), renderer);
            rendered.fields.insert(key.text.clone(), value.map_err(|error| vec![error])?);
        }
        rendered.kind().map_err(|error| vec![error])
    }

    fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key).and_then(ProfileValue::reveal)
    }

    /// The error at the value of `key`, or at the output when it has none.
    fn error(&self, key: &str, message: String) -> Diagnostic {
        let value = self.entries.iter().find(|(name, _)| name.text == key);
        let spot = value.map(|(_, value)| value.span.spot(self.output.spot.file()));
        let place = spot.as_ref().unwrap_or(&self.output.spot).place();
        Diagnostic::new(message).at(without_secrets(place, self.fields.values()))
    }

    /// Where each value stands; that of a field read from a file where the file is named.
    fn spots(&self) -> IndexMap<String, Spot> {
        let file = self.output.spot.file();
        let spot = |(key, value): &(Key, Yaml)| {
            let name = key.text.strip_suffix(FILE).filter(|name| self.fields.contains_key(*name));
            (name.unwrap_or(&key.text).to_string(), value.span.spot(file))
        };
        self.entries.iter().map(spot).collect()
    }

    /// `password_file: /run/secrets/password` is the field `password` with what the file holds, as for Docker's secrets.
    fn read_files(&mut self, project_dir: &Path) -> Result<(), Vec<Diagnostic>> {
        if self.text("type").as_deref() != Some("postgres") {
            return Ok(());
        }
        let named: Vec<String> = self.fields.keys().filter(|key| key.ends_with(FILE)).cloned().collect();
        let mut errors = Vec::new();
        for key in named {
            match self.read_file(&key, project_dir) {
                Ok((name, value)) => {
                    self.fields.shift_remove(&key);
                    self.fields.insert(name, value);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn read_file(&self, key: &str, project_dir: &Path) -> Result<(String, ProfileValue), Diagnostic> {
        let name = key.strip_suffix(FILE).unwrap_or(key);
        if self.text(name).is_some_and(|text| !text.is_empty()) {
            let error = self.error(key, format!("'{name}' and '{key}' are the same field"));
            return Err(error.hint(format!("keep one of them; '{key}' names a file that holds it")));
        }
        let path = self.text(key).unwrap_or_default();
        let text = std::fs::read_to_string(project_dir.join(&path))
            .map_err(|error| self.error(key, format!("cannot read {path}: {error}")))?;
        let text = text.trim_end_matches(['\r', '\n']);
        let value = match Secret::is_secret_key(name) {
            true => ProfileValue::Secret(Secret::new(text)),
            false => ProfileValue::Plain(Value::from(text)),
        };
        Ok((name.to_string(), value))
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
