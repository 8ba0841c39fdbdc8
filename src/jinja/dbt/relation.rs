//! Relations: tables and views by name.

use std::any::Any;
use std::fmt;

use serde_json::{Map, Value as Json};

use crate::jinja::args::{Args, owned_text};
use crate::jinja::fault::Outcome;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

/// The full name of a table or view. `Display` gives it as SQL: `"database"."schema"."identifier"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Relation {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub identifier: String,
}

/// The only key of the JSON object that stands for a relation.
const JSON_KEY: &str = "$relation";

impl Relation {
    /// The relation as a value of [`Scope::extra`](super::Scope::extra) or of a test's arguments.
    pub fn to_json(&self) -> Json {
        let mut parts = Map::new();
        parts.insert("database".to_string(), self.database.clone().into());
        parts.insert("schema".to_string(), self.schema.clone().into());
        parts.insert("identifier".to_string(), self.identifier.clone().into());
        let mut marked = Map::new();
        marked.insert(JSON_KEY.to_string(), Json::Object(parts));
        Json::Object(marked)
    }

    pub(crate) fn from_json(json: &Json) -> Option<Relation> {
        let marked = json.as_object().filter(|object| object.len() == 1)?;
        let parts = marked.get(JSON_KEY)?.as_object()?;
        let part = |name: &str| parts.get(name).and_then(Json::as_str).map(String::from);
        Some(Relation { database: part("database"), schema: part("schema"), identifier: part("identifier")? })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.database.as_deref(), self.schema.as_deref(), Some(self.identifier.as_str())];
        let parts: Vec<String> = parts.into_iter().flatten().map(quote).collect();
        f.write_str(&parts.join("."))
    }
}

/// A name as a quoted SQL identifier.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A relation as templates see it.
#[derive(Clone)]
pub(crate) struct RelationObject {
    pub relation: Relation,
    kind: Option<String>,
    include: [bool; 3],
    quoted: [bool; 3],
}

const PARTS: [&str; 3] = ["database", "schema", "identifier"];

impl RelationObject {
    pub fn new(relation: Relation) -> Self {
        RelationObject { relation, kind: None, include: [true; 3], quoted: [true; 3] }
    }

    pub fn with_kind(self, kind: Option<String>) -> Self {
        RelationObject { kind, ..self }
    }

    fn render(&self) -> String {
        let names = [&self.relation.database, &self.relation.schema, &Some(self.relation.identifier.clone())];
        let parts = names.iter().zip(self.include).zip(self.quoted);
        let shown = parts.filter(|((_, include), _)| *include).filter_map(|((name, _), quoted)| {
            let name = name.as_ref()?;
            Some(if quoted { quote(name) } else { name.clone() })
        });
        shown.collect::<Vec<String>>().join(".")
    }

    /// The flags, changed by arguments named `database`, `schema` and `identifier`.
    fn changed(flags: [bool; 3], name: &str, args: &mut Args) -> Outcome<[bool; 3]> {
        let given = std::mem::take(args).bind(name, PARTS, 0)?;
        let mut flags = flags;
        for (flag, value) in flags.iter_mut().zip(given) {
            *flag = value.map_or(*flag, |value| value.is_true());
        }
        Ok(flags)
    }

    fn incorporate(&self, args: &mut Args) -> Outcome<Value> {
        let [path, kind] = std::mem::take(args).bind("incorporate", ["path", "type"], 0)?;
        let mut changed = self.clone();
        if let Some(Value::Dict(path)) = path {
            for (key, value) in path.entries() {
                let value = owned_text("incorporate", "path", Some(value))?;
                match (key.value().as_str(), value) {
                    (Some("database"), value) => changed.relation.database = value,
                    (Some("schema"), value) => changed.relation.schema = value,
                    (Some("identifier"), Some(value)) => changed.relation.identifier = value,
                    _ => {}
                }
            }
        }
        changed.kind = owned_text("incorporate", "type", kind)?.or(changed.kind);
        Ok(Value::object(changed))
    }

    fn is_kind(&self, kind: &str) -> Value {
        Value::Bool(self.kind.as_deref() == Some(kind))
    }
}

impl Object for RelationObject {
    fn type_name(&self) -> &'static str {
        "Relation"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        self.render()
    }

    fn repr(&self) -> String {
        format!("<Relation {}>", self.render())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        Some(match name {
            "database" => self.relation.database.clone().into(),
            "schema" => self.relation.schema.clone().into(),
            "identifier" | "name" | "table" => Value::from(self.relation.identifier.as_str()),
            "type" => self.kind.clone().into(),
            "is_table" => self.is_kind("table"),
            "is_view" => self.is_kind("view"),
            "is_cte" => self.is_kind("cte"),
            "is_materialized_view" => self.is_kind("materialized_view"),
            "dbt_created" => Value::Bool(false),
            _ => return None,
        })
    }

    fn attribute_names(&self) -> Vec<String> {
        const NAMES: [&str; 15] = [
            "database",
            "schema",
            "identifier",
            "name",
            "table",
            "type",
            "is_table",
            "is_view",
            "is_cte",
            "include",
            "quote",
            "render",
            "incorporate",
            "without_identifier",
            "information_schema",
        ];
        NAMES.map(String::from).to_vec()
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let changed =
            |include: [bool; 3], quoted: [bool; 3]| Value::object(RelationObject { include, quoted, ..self.clone() });
        Some(match name {
            "include" => Self::changed(self.include, name, args).map(|include| changed(include, self.quoted)),
            "quote" => Self::changed(self.quoted, name, args).map(|quoted| changed(self.include, quoted)),
            "render" => Ok(Value::from(self.render())),
            "without_identifier" => Ok(changed([self.include[0], self.include[1], false], self.quoted)),
            "information_schema" => std::mem::take(args).bind(name, ["view"], 0).map(|[view]| {
                let database = self.relation.database.as_deref().map(|name| quote(name) + ".").unwrap_or_default();
                let view = view.filter(|view| !view.is_none()).map(|view| format!(".{view}")).unwrap_or_default();
                Value::from(format!("{database}information_schema{view}"))
            }),
            "incorporate" => self.incorporate(args),
            "matches" => std::mem::take(args).bind(name, PARTS, 0).map(|given| {
                let own = PARTS.map(|part| self.attribute(part).unwrap_or(Value::None));
                let same = |(own, given): (&Value, &Option<Value>)| {
                    given.as_ref().is_none_or(|given| crate::jinja::value::equal(own, given))
                };
                Value::Bool(own.iter().zip(&given).all(same))
            }),
            _ => return None,
        })
    }

    fn identity(&self) -> Option<String> {
        Some(self.render())
    }
}

/// `api.Relation.create(database=…, schema=…, identifier=…, type=…)`
pub(super) fn create(_interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let names = ["database", "schema", "identifier", "type", "quote_policy"];
    let [database, schema, identifier, kind, _] = args.bind("Relation.create", names, 0)?;
    let part = |name: &str, value| owned_text("Relation.create", name, value);
    let identifier = part("identifier", identifier)?;
    let include = [true, true, identifier.is_some()];
    let relation = Relation {
        database: part("database", database)?,
        schema: part("schema", schema)?,
        identifier: identifier.unwrap_or_default(),
    };
    let object = RelationObject { include, ..RelationObject::new(relation) };
    Ok(Value::object(object.with_kind(part("type", kind)?)))
}
