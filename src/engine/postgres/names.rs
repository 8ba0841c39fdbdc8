//! The names of columns that a query does not name: the function's for a call, the column's for a cast of one.
//!
//! DataFusion would name them after the text of the expression, and refuse two of one name. Here the second of a name gets
//! a number, since no table could be made of them otherwise.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Ident, Query, SelectItem, SetExpr, TimezoneInfo, TrimWhereField, TypedString,
};

const NAMELESS: &str = "?column?";

/// Gives every column of a select list its name.
pub fn name_columns(items: &mut [SelectItem]) {
    if items.iter().all(|item| !matches!(item, SelectItem::UnnamedExpr(expr) if column(expr).is_none())) {
        return;
    }
    let mut taken: HashSet<String> = items.iter().filter_map(given_name).collect();
    for item in items {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        if column(expr).is_some() {
            continue;
        }
        let wanted = Name::of(expr).map_or_else(|| NAMELESS.to_string(), |name| name.text);
        let numbered = (1..).map(|number| format!("{wanted}_{number}"));
        let Some(name) = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name)) else {
            continue;
        };
        taken.insert(name.clone());
        let expr = std::mem::replace(expr, Expr::Identifier(Ident::new("")));
        *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', name) };
    }
}

fn given_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(expr) => column(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(normalized(alias)),
        _ => None,
    }
}

/// The name of a plain column.
fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(normalized(name)),
        Expr::CompoundIdentifier(parts) => parts.last().map(normalized),
        _ => None,
    }
}

fn normalized(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// A name, and whether a cast or a `CASE` around the expression keeps it.
struct Name {
    text: String,
    is_kept: bool,
}

impl Name {
    fn kept(text: impl Into<String>) -> Option<Name> {
        Some(Name { text: text.into(), is_kept: true })
    }

    fn weak(text: impl Into<String>) -> Option<Name> {
        Some(Name { text: text.into(), is_kept: false })
    }

    fn of(expr: &Expr) -> Option<Name> {
        if let Some(name) = column(expr) {
            return Name::kept(name);
        }
        match expr {
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => Name::of(inner),
            Expr::Cast { expr, data_type, .. } => {
                Name::of(expr).filter(|name| name.is_kept).or_else(|| Name::weak(type_name(data_type)))
            }
            Expr::TypedString(TypedString { data_type, .. }) => Name::weak(type_name(data_type)),
            Expr::Interval(_) => Name::weak("interval"),
            Expr::Case { else_result, .. } => {
                let of_else = else_result.as_ref().and_then(|result| Name::of(result));
                of_else.filter(|name| name.is_kept).or_else(|| Name::weak("case"))
            }
            Expr::Function(function) => {
                function.name.0.last().and_then(|part| part.as_ident()).map(normalized).and_then(Name::kept)
            }
            Expr::Extract { .. } => Name::kept("extract"),
            Expr::Position { .. } => Name::kept("position"),
            Expr::Substring { .. } => Name::kept("substring"),
            Expr::Overlay { .. } => Name::kept("overlay"),
            Expr::Ceil { .. } => Name::kept("ceil"),
            Expr::Floor { .. } => Name::kept("floor"),
            Expr::AtTimeZone { .. } => Name::kept("timezone"),
            Expr::Trim { trim_where, .. } => Name::kept(match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "btrim",
            }),
            Expr::Exists { negated: false, .. } => Name::kept("exists"),
            Expr::Array(_) => Name::kept("array"),
            Expr::Tuple(_) => Name::kept("row"),
            Expr::Subquery(query) => Name::of_query(query),
            _ => None,
        }
    }

    /// A scalar subquery is named as its only column is.
    fn of_query(query: &Query) -> Option<Name> {
        let SetExpr::Select(select) = query.body.as_ref() else { return None };
        match select.projection.first()? {
            SelectItem::UnnamedExpr(expr) => Name::of(expr),
            SelectItem::ExprWithAlias { alias, .. } => Name::kept(normalized(alias)),
            _ => None,
        }
    }
}

/// The type as the server's catalog has it.
fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::SmallInt(_) => "int2",
        DataType::Int(_) | DataType::Integer(_) => "int4",
        DataType::BigInt(_) => "int8",
        DataType::Boolean => "bool",
        DataType::Real => "float4",
        DataType::Float(_) | DataType::Double(_) | DataType::DoublePrecision => "float8",
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => "numeric",
        DataType::Char(_) | DataType::Character(_) => "bpchar",
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::CharVarying(_) => "varchar",
        DataType::Timestamp(_, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => "timestamptz",
        DataType::Timestamp(_, _) => "timestamp",
        other => return other.to_string().to_lowercase(),
    };
    name.to_string()
}
