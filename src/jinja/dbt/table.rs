//! Query results as templates see them: like the agate tables of dbt.

use std::any::Any;
use std::rc::Rc;

use super::scope::QueryTable;
use crate::jinja::args::Args;
use crate::jinja::fault::Outcome;
use crate::jinja::interp::Interp;
use crate::jinja::methods::set::of_items;
use crate::jinja::value::{Dict, Key, Object, Tuple, Value, from_json, index};

/// Rows of values under named columns, shared by everything that looks at them.
struct Data {
    columns: Vec<String>,
    rows: Vec<Tuple>,
}

impl Data {
    fn column_at(&self, key: &Value) -> Option<usize> {
        match key {
            Value::Str(name) => self.columns.iter().position(|known| **known == **name),
            _ => index(key.as_int()?, self.columns.len()),
        }
    }

    fn names(&self) -> Value {
        Value::tuple(self.columns.iter().map(|name| Value::from(name.as_str())).collect())
    }

    fn column(&self, at: usize) -> Vec<Value> {
        self.rows.iter().map(|row| row.get(at).cloned().unwrap_or(Value::None)).collect()
    }
}

pub(super) fn value(table: QueryTable) -> Value {
    let rows = table.rows.iter().map(|row| Tuple::new(row.iter().map(from_json).collect())).collect();
    Value::object(Table(Rc::new(Data { columns: table.columns, rows })))
}

/// What `load_result` gives: `response`, `data` (rows as lists) and `table`.
pub(super) fn result_value(found: QueryTable) -> Value {
    let rows = found.rows.iter().map(|row| Value::list(row.iter().map(from_json).collect())).collect();
    let response = Value::from(format!("SELECT {}", found.rows.len()));
    Value::dict([("response", response), ("data", Value::list(rows)), ("table", value(found))])
}

struct Table(Rc<Data>);

impl Table {
    fn rows(&self) -> Vec<Value> {
        (0..self.0.rows.len()).map(|at| Value::object(Row { data: self.0.clone(), at })).collect()
    }

    fn columns(&self) -> Value {
        Value::object(Columns(self.0.clone()))
    }
}

impl Object for Table {
    fn type_name(&self) -> &'static str {
        "Table"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<Table of {} rows: {}>", self.0.rows.len(), self.0.columns.join(", "))
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "columns" => Some(self.columns()),
            "rows" => Some(Value::tuple(self.rows())),
            "column_names" => Some(self.0.names()),
            _ => None,
        }
    }

    fn attribute_names(&self) -> Vec<String> {
        ["columns", "rows", "column_names"].map(String::from).to_vec()
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let at = index(key.as_int()?, self.0.rows.len())?;
        Some(Value::object(Row { data: self.0.clone(), at }))
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.rows())
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.rows.len())
    }

    fn is_true(&self) -> bool {
        !self.0.rows.is_empty()
    }
}

/// The columns of a table, by position or name.
struct Columns(Rc<Data>);

impl Columns {
    fn at(&self, at: usize) -> Value {
        Value::object(TableColumn { data: self.0.clone(), at })
    }
}

impl Object for Columns {
    fn type_name(&self) -> &'static str {
        "columns"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.item(&Value::from(name))
    }

    fn attribute_names(&self) -> Vec<String> {
        self.0.columns.clone()
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.0.column_at(key).map(|at| self.at(at))
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some((0..self.0.columns.len()).map(|at| self.at(at)).collect())
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        match name {
            "keys" => Some(std::mem::take(args).none(name).map(|()| self.0.names())),
            "values" => Some(std::mem::take(args).none(name).map(|()| Value::tuple(self.items().unwrap_or_default()))),
            _ => None,
        }
    }
}

/// One column: its name and its values in the order of the rows.
struct TableColumn {
    data: Rc<Data>,
    at: usize,
}

impl Object for TableColumn {
    fn type_name(&self) -> &'static str {
        "column"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "name" => self.data.columns.get(self.at).map(|name| Value::from(name.as_str())),
            "index" => Some(Value::from(self.at)),
            _ => None,
        }
    }

    fn attribute_names(&self) -> Vec<String> {
        ["name", "index", "values", "values_distinct", "values_without_nulls"].map(String::from).to_vec()
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let at = index(key.as_int()?, self.data.rows.len())?;
        self.data.rows.get(at)?.get(self.at).cloned()
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.data.column(self.at))
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let values = self.data.column(self.at);
        let values = match name {
            "values" => Ok(values),
            "values_distinct" => of_items(values).map(|set| set.into_iter().map(Key::into_value).collect()),
            "values_without_nulls" => Ok(values.into_iter().filter(|value| !value.is_none()).collect()),
            _ => return None,
        };
        Some(std::mem::take(args).none(name).and_then(|()| values.map(Value::tuple)))
    }
}

/// One row: its values by position or column name.
struct Row {
    data: Rc<Data>,
    at: usize,
}

impl Row {
    fn values(&self) -> Vec<Value> {
        self.data.rows.get(self.at).map(|row| row.to_vec()).unwrap_or_default()
    }
}

impl Object for Row {
    fn type_name(&self) -> &'static str {
        "row"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn shown_as(&self) -> Option<Value> {
        Some(Value::tuple(self.values()))
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.item(&Value::from(name))
    }

    fn attribute_names(&self) -> Vec<String> {
        self.data.columns.clone()
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.data.rows.get(self.at)?.get(self.data.column_at(key)?).cloned()
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        let pairs = || self.data.columns.iter().map(|name| Key::text(name.as_str())).zip(self.values());
        Some(match name {
            "values" => args.none(name).map(|()| Value::tuple(self.values())),
            "keys" => args.none(name).map(|()| self.data.names()),
            "dict" => args.none(name).map(|()| Value::Dict(Rc::new(Dict::new(pairs().collect())))),
            "items" => args.none(name).map(|()| {
                Value::list(pairs().map(|(key, value)| Value::tuple(vec![key.into_value(), value])).collect())
            }),
            "get" => args
                .bind(name, ["key", "default"], 1)
                .map(|[key, default]| self.item(&key.unwrap_or(Value::None)).or(default).unwrap_or(Value::None)),
            _ => return None,
        })
    }
}
