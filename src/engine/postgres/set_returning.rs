//! Functions that give several rows for one: in a select list they are DataFusion's `unnest` of a list, in `FROM` they have
//! one column of their own name, and the constants of `generate_series` have the types that Postgres finds for them.

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    TableAlias, TableAliasColumnDef, TableFactor, TimezoneInfo, TypedString, UnaryOperator, Value,
};

use super::intervals::{interval, spell_out, text_of};
use super::series::OF_INTEGERS;

const SERIES: &str = "generate_series";
const UNNEST: &str = "unnest";

/// A function of a select list, and that which gives its rows as a list.
const LISTS: &[(&str, &str)] =
    &[(SERIES, SERIES), ("regexp_split_to_table", "regexp_split_to_array"), ("string_to_table", "string_to_array")];

/// `generate_series(1, 3)` in a select list.
pub fn in_expression(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let Some(list) = list_function(&function.name) else { return };
    if let FunctionArguments::List(arguments) = &mut function.args {
        name_types(&mut arguments.args);
    }
    function.name = ObjectName::from(vec![Ident::new(list)]);
    let unnest = Function {
        name: ObjectName::from(vec![Ident::new(UNNEST)]),
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(function.clone())))],
            clauses: vec![],
        }),
        ..function.clone()
    };
    *expr = Expr::Function(unnest);
}

/// `FROM generate_series(1, 3) AS g`, which has a column `g`; so have `unnest(…)` and the functions that split a text.
pub fn in_from(factor: &mut TableFactor) {
    match factor {
        TableFactor::Table { name, args: Some(arguments), alias, .. } if is_named(name, SERIES) => {
            name_types(&mut arguments.args);
            name_column(alias, SERIES);
            name_integers(name, &arguments.args);
        }
        TableFactor::Table { name, args: Some(arguments), alias, .. } => {
            if let Some(unnest) = unnested(name, &arguments.args, alias) {
                *factor = unnest;
            }
        }
        TableFactor::Function { name, args, alias, with_ordinality: false, .. } => {
            if is_named(name, SERIES) {
                name_types(args);
                name_column(alias, SERIES);
                name_integers(name, args);
            } else if let Some(unnest) = unnested(name, args, alias) {
                *factor = unnest;
            }
        }
        TableFactor::UNNEST { alias, array_exprs, .. } if array_exprs.len() == 1 => name_column(alias, UNNEST),
        _ => {}
    }
}

/// `regexp_split_to_table(…)` and `LATERAL unnest(…)` as the `unnest` of a list.
fn unnested(name: &ObjectName, arguments: &[FunctionArg], alias: &Option<TableAlias>) -> Option<TableFactor> {
    let arguments = arguments.iter().map(expression).collect::<Option<Vec<&Expr>>>()?;
    let (own_name, array_exprs) = if is_named(name, UNNEST) {
        (UNNEST, arguments.into_iter().cloned().collect())
    } else {
        let (own_name, list) = LISTS.iter().find(|(from, _)| is_named(name, from))?;
        let list = Function {
            name: ObjectName::from(vec![Ident::new(*list)]),
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: None,
                args: arguments
                    .into_iter()
                    .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument.clone())))
                    .collect(),
                clauses: vec![],
            }),
            filter: None,
            null_treatment: None,
            over: None,
            within_group: vec![],
        };
        (*own_name, vec![Expr::Function(list)])
    };
    let mut alias = alias.clone();
    if array_exprs.len() == 1 {
        name_column(&mut alias, own_name);
    }
    Some(TableFactor::UNNEST {
        alias,
        array_exprs,
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    })
}

fn name_column(alias: &mut Option<TableAlias>, own_name: &str) {
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: Ident::new(own_name),
        columns: vec![],
        at: None,
    });
    if alias.columns.is_empty() {
        alias.columns.push(TableAliasColumnDef { name: alias.name.clone(), data_type: None });
    }
}

/// A text as step is an interval, and beside an interval the ends are timestamps.
fn name_types(arguments: &mut [FunctionArg]) {
    let [start, end, step] = arguments else { return };
    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(step)) = step {
        spell_out(step);
    }
    if let Some(text) = expression(step).and_then(text_of) {
        *step = FunctionArg::Unnamed(FunctionArgExpr::Expr(interval(text)));
    }
    if !matches!(expression(step), Some(Expr::Interval(_))) {
        return;
    }
    for moment in [start, end] {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = &*moment else { continue };
        let typed = TypedString {
            data_type: DataType::Timestamp(None, TimezoneInfo::None),
            value: value.clone(),
            uses_odbc_syntax: false,
        };
        *moment = FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::TypedString(typed)));
    }
}

/// Whether all are integers can be seen only here, where a cast to bigint stands still.
fn name_integers(name: &mut ObjectName, arguments: &[FunctionArg]) {
    if arguments.iter().all(|argument| expression(argument).is_some_and(is_integer)) {
        *name = ObjectName::from(vec![Ident::new(OF_INTEGERS)]);
    }
}

fn is_integer(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => is_integer(expr),
        Expr::Value(value) => matches!(&value.value, Value::Number(text, _) if text.parse::<i32>().is_ok()),
        _ => false,
    }
}

fn expression(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn list_function(name: &ObjectName) -> Option<&'static str> {
    LISTS.iter().find(|(from, _)| is_named(name, from)).map(|(_, list)| *list)
}

fn is_named(name: &ObjectName, wanted: &str) -> bool {
    name.0.last().and_then(|part| part.as_ident()).is_some_and(|ident| ident.value.eq_ignore_ascii_case(wanted))
}
