//! `profiles.yml`: found and read, not yet rendered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::yaml::{self, Fields, Reader, Spotted, Yaml};
use super::{ProjectOptions, Secret, Spot, TextFile};
use crate::diagnostic::Diagnostic;

/// The file's name.
pub const PROFILES_FILE: &str = "profiles.yml";

/// Every profile of a `profiles.yml`. Values may hold Jinja, so that only the chosen output's variables must exist.
#[derive(Debug, Clone)]
pub struct ProfilesFile {
    pub file: Arc<TextFile>,
    pub profiles: IndexMap<String, Profile>,
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub spot: Spot,
    /// The output to take when the user names none.
    pub target: Option<Spotted<String>>,
    pub outputs: IndexMap<String, Output>,
}

/// One output: its mapping as written.
#[derive(Debug, Clone)]
pub struct Output {
    pub spot: Spot,
    pub fields: Yaml,
}

impl ProfilesFile {
    /// Finds and reads the file: `--profiles-dir`, else `DBT_PROFILES_DIR`, else the project directory, else `~/.dbt`.
    pub fn find(options: &ProjectOptions) -> Result<Self, Vec<Diagnostic>> {
        let directories = directories(options);
        let path = directories.iter().map(|directory| directory.join(PROFILES_FILE)).find(|path| path.is_file());
        let Some(path) = path else {
            let searched: Vec<String> = directories.iter().map(|path| path.display().to_string()).collect();
            return Err(vec![
                Diagnostic::new(format!("no {PROFILES_FILE} in {}", searched.join(" or ")))
                    .hint("write one there, or say where it is with --profiles-dir or DBT_PROFILES_DIR"),
            ]);
        };
        let text = super::read_text(&path, shown(&path, &options.project_dir)).map_err(|error| vec![error])?;
        Self::parse(&text)
    }

    /// Reads the text of a `profiles.yml`. No error shows a line with a secret.
    pub fn parse(file: &Arc<TextFile>) -> Result<Self, Vec<Diagnostic>> {
        Self::read(file).map_err(|errors| errors.into_iter().map(without_secret).collect())
    }

    fn read(file: &Arc<TextFile>) -> Result<Self, Vec<Diagnostic>> {
        let reader = Reader::new(file);
        let mut profiles = IndexMap::new();
        if let Some(root) = yaml::parse(file)?
            && let Some(fields) = reader.fields(&root, PROFILES_FILE)
        {
            for (key, value) in fields.all() {
                // `config:` held dbt's own settings before they moved to `flags:`.
                if key.text == "config" {
                    continue;
                }
                if let Some(fields) = reader.fields(value, &format!("the profile '{}'", key.text)) {
                    profiles.insert(key.text.clone(), profile(&fields, key.span.spot(file)));
                }
            }
        }
        let (profiles, _) = reader.finish(profiles)?;
        Ok(ProfilesFile { file: Arc::clone(file), profiles })
    }
}

/// Masks the value where the error's line is `password: …` or the like.
fn without_secret(mut error: Diagnostic) -> Diagnostic {
    if let Some(place) = &mut error.place
        && let Some((key, _)) = place.excerpt.split_once(':')
        && Secret::is_secret_key(key.trim().trim_matches(['"', '\'', '-', ' ']))
    {
        place.excerpt = format!("{key}: ***");
    }
    error
}

/// Where to look, in this order. A directory that was asked for is the only one.
fn directories(options: &ProjectOptions) -> Vec<PathBuf> {
    let asked = options.profiles_dir.clone().or_else(|| options.env.get("DBT_PROFILES_DIR").map(PathBuf::from));
    match (asked, options.env.get("HOME")) {
        (Some(directory), _) => vec![directory],
        (None, Some(home)) => vec![options.project_dir.clone(), Path::new(&home).join(".dbt")],
        (None, None) => vec![options.project_dir.clone()],
    }
}

fn shown(path: &Path, project_dir: &Path) -> PathBuf {
    path.strip_prefix(project_dir).unwrap_or(path).to_path_buf()
}

fn profile(fields: &Fields<'_, '_>, spot: Spot) -> Profile {
    let mut outputs = IndexMap::new();
    for (key, value) in fields.entries("outputs") {
        if fields.reader().fields(value, &format!("the output '{}'", key.text)).is_some() {
            let spot = key.span.spot(fields.reader().file());
            outputs.insert(key.text.clone(), Output { spot, fields: value.clone() });
        }
    }
    let target = fields.spotted_text("target");
    fields.check_unknown();
    Profile { spot, target, outputs }
}
