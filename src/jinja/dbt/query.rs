//! `run_query`, `statement`, `load_result` and what else dbt itself defines as macros.

use std::rc::Rc;

use super::config;
use super::scope::QueryTable;
use super::table;
use crate::jinja::args::{Args, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::Function;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Missing, Value};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("run_query", run_query),
    ("statement", statement),
    ("load_result", load_result),
    ("store_result", store_result),
    ("should_full_refresh", should_full_refresh),
    ("get_columns_in_query", |interp, args| {
        let [sql] = args.bind("get_columns_in_query", ["select_sql"], 1)?;
        let sql = format!("select * from ({}) as __dbt_sbq where false limit 0", sql.unwrap_or(Value::None));
        match query(interp, &sql)? {
            Some(table) => Ok(Value::list(table.columns.into_iter().map(Value::from).collect())),
            None => Ok(Value::list(Vec::new())),
        }
    }),
];

/// The rows of a query, or none while nothing is executed.
fn query(interp: &Interp<'_>, sql: &str) -> Outcome<Option<QueryTable>> {
    let Some(host) = interp.run.running_host() else { return Ok(None) };
    let explain =
        |message: String| Fault::hinted(format!("this query failed: {message}"), format!("the query is: {sql}"));
    host.run_query(sql).map(Some).map_err(explain)
}

/// What stands for the result of a query while dbt parses.
fn not_executed(what: &str) -> Value {
    let hint = "dbt parses a template before it runs it: put what uses the result into {% if execute %}";
    let what = format!("{what} has no result while `execute` is false");
    Value::Undefined(Rc::new(Missing { what, name: None, hint: Some(hint.to_string()) }))
}

fn run_query(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [sql] = args.bind("run_query", ["sql"], 1)?;
    let sql = sql.unwrap_or(Value::None).to_string();
    Ok(query(interp, &sql)?.map_or_else(|| not_executed("run_query()"), table::value))
}

fn statement(interp: &mut Interp<'_>, mut args: Args) -> Outcome<Value> {
    let caller = args.take_named("caller").ok_or_else(|| {
        Fault::hinted(
            "statement() needs a body",
            "write {% call statement('name', fetch_result=true) %} … {% endcall %}",
        )
    })?;
    let [name, fetch_result, ..] = args.bind("statement", ["name", "fetch_result", "auto_begin", "language"], 0)?;
    let name = text("statement", "name", name)?;
    if interp.run.running_host().is_none() {
        return Ok(Value::from(""));
    }
    let sql = interp.call(&caller, Args::default())?.to_string();
    let found = query(interp, &sql)?.unwrap_or_default();
    if let Some(name) = name {
        let fetched = fetch_result.is_some_and(|fetch| fetch.is_true());
        store(interp, &name, table::result_value(if fetched { found } else { QueryTable::default() }));
    }
    Ok(Value::from(""))
}

fn store(interp: &Interp<'_>, name: &str, result: Value) {
    let mut results = interp.run.results.borrow_mut();
    results.retain(|(known, _)| known != name);
    results.push((name.to_string(), result));
}

fn load_result(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [name] = args.bind("load_result", ["name"], 1)?;
    let name = name.unwrap_or(Value::None).to_string();
    let results = interp.run.results.borrow();
    let found = results.iter().find(|(known, _)| *known == name).map(|(_, result)| result.clone());
    Ok(found.unwrap_or_else(|| match interp.run.execute() {
        true => Value::None,
        false => not_executed("load_result()"),
    }))
}

fn store_result(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [name, response, table] = args.bind("store_result", ["name", "response", "agate_table"], 2)?;
    let table = table.unwrap_or(Value::None);
    let result =
        Value::dict([("response", response.unwrap_or(Value::None)), ("data", table.clone()), ("table", table)]);
    store(interp, &name.unwrap_or(Value::None).to_string(), result);
    Ok(Value::from(""))
}

fn should_full_refresh(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    args.none("should_full_refresh")?;
    let configured = config::lookup(interp, "full_refresh").filter(|value| !value.is_none());
    let flag = || {
        let mut flags = interp.run.scope.flags.iter();
        flags.any(|(name, value)| name.eq_ignore_ascii_case("full_refresh") && value.as_bool() == Some(true))
    };
    Ok(Value::Bool(configured.map_or_else(flag, |value| value.is_true())))
}
