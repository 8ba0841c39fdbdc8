//! Every file that is a node, and the properties that belong to it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnostic::Diagnostic;
use crate::jinja::snapshot_blocks;
use crate::manifest::{Node, NodeKind};
use crate::project::{NodeProperties, Package, Project, PropertyFile, Spot, SqlFile, TextFile};

/// A node before its configuration is known.
pub(super) struct Draft<'p> {
    pub package: &'p Package,
    pub kind: NodeKind,
    pub name: String,
    pub fqn: Vec<String>,
    pub spot: Spot,
    pub code: String,
    pub patch: Option<&'p Patch<'p>>,
}

/// What a property file says of one node.
pub(super) struct Patch<'p> {
    pub package: &'p Package,
    pub kind: NodeKind,
    pub file: &'p PropertyFile,
    pub properties: &'p NodeProperties,
    used: AtomicBool,
}

/// All properties of nodes, by package, kind and name.
pub(super) struct Patches<'p> {
    all: Vec<Patch<'p>>,
    by_name: HashMap<(&'p str, NodeKind, &'p str), usize>,
}

impl<'p> Patches<'p> {
    pub fn collect(project: &'p Project) -> Self {
        let mut all = Vec::new();
        for package in project.packages() {
            for file in &package.properties {
                let sections = [
                    (NodeKind::Model, &file.models),
                    (NodeKind::Seed, &file.seeds),
                    (NodeKind::Snapshot, &file.snapshots),
                    (NodeKind::Analysis, &file.analyses),
                    (NodeKind::Test, &file.data_tests),
                ];
                for (kind, section) in sections {
                    let patch = |properties| Patch { package, kind, file, properties, used: AtomicBool::new(false) };
                    all.extend(section.iter().map(patch));
                }
            }
        }
        let mut by_name = HashMap::new();
        for (at, patch) in all.iter().enumerate() {
            by_name.entry(patch.key()).or_insert(at);
        }
        Patches { all, by_name }
    }

    fn take(&self, package: &str, kind: NodeKind, name: &str) -> Option<&Patch<'p>> {
        let patch = &self.all[*self.by_name.get(&(package, kind, name))?];
        patch.used.store(true, Ordering::Relaxed);
        Some(patch)
    }

    pub fn get(&self, package: &str, kind: NodeKind, name: &str) -> Option<&Patch<'p>> {
        self.by_name.get(&(package, kind, name)).map(|at| &self.all[*at])
    }

    /// An error for each node that is described twice.
    pub fn duplicates(&self) -> Vec<Diagnostic> {
        let second = |(at, patch): (usize, &Patch<'p>)| {
            let first = &self.all[self.by_name[&patch.key()]];
            let name = &patch.properties.name;
            (self.by_name[&patch.key()] != at).then(|| {
                let error = Diagnostic::new(format!("the {} '{}' is described twice", patch.kind, name.value));
                let first = &first.properties.name.spot;
                let hint = format!("it is first described in {}:{}", first.path().display(), first.line());
                error.at(name.spot.place()).hint(hint)
            })
        };
        self.all.iter().enumerate().filter_map(second).collect()
    }

    /// A warning for each description of a node that is not among `nodes`.
    pub fn unmatched<'n>(&self, nodes: impl Iterator<Item = &'n Node>) -> Vec<Diagnostic> {
        let mut unused = self.all.iter().filter(|patch| !patch.used.load(Ordering::Relaxed)).peekable();
        if unused.peek().is_none() {
            return Vec::new();
        }
        let known: Vec<(NodeKind, &str)> = nodes.map(|node| (node.kind, node.name.as_str())).collect();
        let warning = |patch: &Patch<'p>| {
            let name = &patch.properties.name;
            let message = format!("there is no {} '{}': what is said of it here has no effect", patch.kind, name.value);
            let names = known.iter().filter(|(kind, _)| *kind == patch.kind).map(|(_, name)| *name);
            Diagnostic::new(message).at(name.spot.place()).known_names(&name.value, &format!("{}s", patch.kind), names)
        };
        unused.map(warning).collect()
    }
}

impl<'p> Patch<'p> {
    fn key(&self) -> (&'p str, NodeKind, &'p str) {
        (self.package.name(), self.kind, self.properties.name.value.as_str())
    }
}

/// The drafts of a package: seeds, models, snapshots, analyses, singular tests.
pub(super) fn of_package<'p>(
    package: &'p Package,
    patches: &'p Patches<'p>,
) -> Result<Vec<Draft<'p>>, Vec<Diagnostic>> {
    let mut drafts = Vec::new();
    let mut errors = Vec::new();
    let draft = |kind: NodeKind, name: String, fqn: Vec<String>, spot: Spot, code: String| {
        let patch = patches.take(package.name(), kind, &name);
        Draft { package, kind, name, fqn, spot, code, patch }
    };
    for seed in &package.seeds {
        let name = stem(&seed.relative);
        // The text is read when the seed is loaded; here the path is what counts.
        let spot = Spot::start_of(&TextFile::new(&seed.path, ""));
        drafts.push(draft(NodeKind::Seed, name.clone(), fqn(package, &seed.relative, &name), spot, String::new()));
    }
    let groups = [
        (NodeKind::Model, &package.models),
        (NodeKind::Analysis, &package.analyses),
        (NodeKind::Test, &package.singular_tests),
    ];
    for (kind, files) in groups {
        for SqlFile { file, relative } in files {
            let name = stem(relative);
            let spot = Spot::start_of(file);
            drafts.push(draft(kind, name.clone(), fqn(package, relative, &name), spot, file.text.clone()));
        }
    }
    for SqlFile { file, relative } in &package.snapshots {
        match snapshot_blocks(&file.path, &file.text) {
            Ok(found) => {
                for block in found {
                    let code = lined_up(file, block.start, &block.body);
                    let spot = Spot::of_place(file, &block.place);
                    // dbt puts the file's name into the fqn of a snapshot.
                    let mut fqn = fqn(package, relative, &stem(relative));
                    fqn.push(block.name.clone());
                    drafts.push(draft(NodeKind::Snapshot, block.name, fqn, spot, code));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    drafts.extend(yaml_snapshots(package, patches));
    if errors.is_empty() { Ok(drafts) } else { Err(errors) }
}

/// Snapshots that are defined by `relation:` in a property file.
fn yaml_snapshots<'p>(package: &'p Package, patches: &'p Patches<'p>) -> Vec<Draft<'p>> {
    let all = package.properties.iter().flat_map(|file| file.snapshots.iter().map(move |snapshot| (file, snapshot)));
    let draft = |(file, properties): (&'p PropertyFile, &'p NodeProperties)| {
        let relation = properties.relation.as_ref()?;
        let name = properties.name.value.clone();
        let relative = package.below_search_path(&file.file.path);
        Some(Draft {
            patch: patches.take(package.name(), NodeKind::Snapshot, &name),
            package,
            kind: NodeKind::Snapshot,
            fqn: fqn(package, &relative, &name),
            spot: properties.name.spot.clone(),
            code: format!("select * from {{{{ {} }}}}", relation.value),
            name,
        })
    };
    all.filter_map(draft).collect()
}

/// The text with empty lines before it, so that its lines are numbered as in the file.
fn lined_up(file: &Arc<TextFile>, start: usize, text: &str) -> String {
    let lines_before = file.text[..start].matches('\n').count();
    format!("{}{}", "\n".repeat(lines_before), text.trim_end())
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Package, folders of the file below its search path, name.
pub(super) fn fqn(package: &Package, relative: &Path, name: &str) -> Vec<String> {
    let folders = relative.parent().into_iter().flat_map(Path::iter);
    let folders = folders.map(|folder| folder.to_string_lossy().into_owned());
    std::iter::once(package.name().to_string()).chain(folders).chain([name.to_string()]).collect()
}
