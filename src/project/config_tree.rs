//! The `models:`, `seeds:`, … sections of `dbt_project.yml`: configuration by folder.

use indexmap::IndexMap;

use super::Spot;
use super::yaml::{Data, Fields, Layer, Yaml};

/// Configuration of a folder and of those in it. `+key` is configuration; so is `key` unless its value is a mapping,
/// which is then a folder (or a package, or the name of a single node).
#[derive(Debug, Clone, Default)]
pub struct ConfigTree {
    pub config: Layer,
    pub folders: IndexMap<String, (Spot, ConfigTree)>,
}

impl ConfigTree {
    pub(super) fn read(fields: &Fields<'_, '_>, key: &'static str) -> Self {
        fields.get(key).map(|yaml| Self::of(fields, yaml, key)).unwrap_or_default()
    }

    fn of(fields: &Fields<'_, '_>, yaml: &Yaml, name: &str) -> Self {
        let reader = fields.reader();
        let mut tree = ConfigTree::default();
        let Some(folder) = reader.fields(yaml, &format!("'{name}'")) else { return tree };
        for (key, value) in folder.all() {
            let spot = key.span.spot(reader.file());
            match (key.text.strip_prefix('+'), &value.data) {
                (Some(key), _) => tree.config.insert(key.trim(), value.to_json(), spot),
                (None, Data::Map(_)) => {
                    let below = Self::of(fields, value, &key.text);
                    tree.folders.insert(key.text.clone(), (spot, below));
                }
                // A folder named with nothing below it configures nothing.
                (None, _) if value.is_null() => {}
                (None, _) => tree.config.insert(key.text.as_str(), value.to_json(), spot),
            }
        }
        tree
    }

    /// Adds what `other` has, which wins.
    pub(super) fn absorb(&mut self, other: ConfigTree) {
        self.config.0.extend(other.config.0);
        for (name, (spot, tree)) in other.folders {
            self.folders.entry(name).or_insert_with(|| (spot, ConfigTree::default())).1.absorb(tree);
        }
    }

    /// The configuration of every folder on the way to a node, the outermost first.
    pub fn on_the_way<'a>(&'a self, fqn: &'a [String]) -> impl Iterator<Item = &'a Layer> {
        let mut here = Some(self);
        let mut names = fqn.iter();
        std::iter::from_fn(move || {
            let tree = here?;
            here = names.next().and_then(|name| tree.folders.get(name)).map(|(_, tree)| tree);
            Some(&tree.config)
        })
    }

    /// Every folder that carries configuration, as a path from the root, and where it stands.
    pub fn configured_folders(&self) -> Vec<(Vec<&str>, &Spot)> {
        let mut found = Vec::new();
        let mut open: Vec<(Vec<&str>, &ConfigTree)> = vec![(Vec::new(), self)];
        while let Some((path, tree)) = open.pop() {
            for (name, (spot, below)) in &tree.folders {
                let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                if !below.config.is_empty() {
                    found.push((path.clone(), spot));
                }
                open.push((path, below));
            }
        }
        found
    }
}
