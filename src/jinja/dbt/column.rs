//! Columns of relations.

use std::any::Any;

use super::relation::quote;
use crate::jinja::args::{Args, integer};
use crate::jinja::fault::Outcome;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

pub(super) struct Column {
    pub name: String,
    /// The SQL type, with its size if it has one.
    kind: String,
}

pub(super) fn columns_value(columns: Vec<(String, String)>) -> Value {
    Value::list(columns.into_iter().map(|(name, kind)| Value::object(Column { name, kind })).collect())
}

impl Column {
    pub fn from_args(args: Args) -> Outcome<Value> {
        let names = ["column", "dtype", "char_size", "numeric_precision", "numeric_scale"];
        let [column, dtype, size, precision, scale] = args.bind("Column", names, 1)?;
        let dtype = dtype.map_or_else(|| "text".to_string(), |dtype| dtype.to_string());
        let size = integer("Column", "char_size", size)?;
        let precision = integer("Column", "numeric_precision", precision)?;
        let scale = integer("Column", "numeric_scale", scale)?;
        let kind = match (size, precision, scale) {
            (Some(size), _, _) => format!("{dtype}({size})"),
            (None, Some(precision), Some(scale)) => format!("{dtype}({precision},{scale})"),
            _ => dtype,
        };
        Ok(Value::object(Column { name: column.unwrap_or(Value::None).to_string(), kind }))
    }

    /// The type without its size, in lower case.
    fn base(&self) -> String {
        self.kind.split('(').next().unwrap_or_default().trim().to_lowercase()
    }

    fn size(&self) -> Option<i64> {
        let (_, size) = self.kind.split_once('(')?;
        size.split([',', ')']).next()?.trim().parse().ok()
    }

    fn is(&self, name: &str) -> Option<bool> {
        let integers =
            ["smallint", "integer", "int", "bigint", "int2", "int4", "int8", "smallserial", "serial", "bigserial"];
        let floats = ["real", "float4", "float", "double precision", "float8", "double"];
        let base = self.base();
        let one_of = |names: &[&str]| names.contains(&base.as_str());
        Some(match name {
            "is_string" => one_of(&["text", "character varying", "character", "varchar", "char", "string"]),
            "is_integer" => one_of(&integers),
            "is_float" => one_of(&floats),
            "is_numeric" => one_of(&["numeric", "decimal"]),
            "is_number" => one_of(&integers) || one_of(&floats) || one_of(&["numeric", "decimal"]),
            _ => return None,
        })
    }
}

impl Object for Column {
    fn type_name(&self) -> &'static str {
        "Column"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<Column {} ({})>", self.name, self.kind)
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        Some(match name {
            "name" | "column" => Value::from(self.name.as_str()),
            "quoted" => Value::from(quote(&self.name)),
            "data_type" => Value::from(self.kind.as_str()),
            "dtype" => Value::from(self.kind.split('(').next().unwrap_or_default().trim()),
            "char_size" => self.size().filter(|_| self.is("is_string") == Some(true)).into(),
            "numeric_precision" => self.size().filter(|_| self.is("is_numeric") == Some(true)).into(),
            _ => return None,
        })
    }

    fn attribute_names(&self) -> Vec<String> {
        const NAMES: [&str; 11] = [
            "name",
            "column",
            "quoted",
            "data_type",
            "dtype",
            "char_size",
            "is_string",
            "is_integer",
            "is_float",
            "is_numeric",
            "is_number",
        ];
        NAMES.map(String::from).to_vec()
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        if name == "string_size" {
            return Some(Ok(Value::Int(self.size().unwrap_or(256))));
        }
        let answer = self.is(name)?;
        Some(std::mem::take(args).none(name).map(|()| Value::Bool(answer)))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("{}\u{0}{}", self.name, self.kind))
    }
}
