//! Macros of several packages, in the style of dbt's utility packages (`utils_macros.sql`).

use super::*;

fn project() -> Project {
    Project::with_macros(&[("utils", "macros/utils.sql", include_str!("utils_macros.sql"))])
}

#[test]
fn star_with_and_without_a_database() {
    let mut project = project();
    project.host.columns = vec![("id", "integer"), ("Name", "text"), ("secret", "text")];
    assert_eq!(
        project.render("select {{ utils.star(ref('a'), except=['SECRET'], relation_alias='t') }}").unwrap(),
        "select t.\"id\",\n  t.\"Name\""
    );
    assert_eq!(
        project.sql("{{ utils.star(ref('a'), except=['name', 'secret'], prefix='p_', suffix='_s') }}"),
        r#""id" as "p_id_s""#
    );
    assert_eq!(project.parse("select {{ utils.star(ref('a')) }}").unwrap().text, "select *");
}

#[test]
fn surrogate_keys() {
    let expected =
        "md5(cast(coalesce(cast(a as text), '_null_') || '-' || coalesce(cast(b as text), '_null_') as text))";
    let project = project();
    assert_eq!(project.sql("{{ utils.surrogate_key(['a', 'b']) }}"), expected);
    assert_eq!(project.sql("{{ utils.surrogate_key('a', 'b') }}"), expected);
}

#[test]
fn pivoting_the_values_of_a_column() {
    let mut project = project();
    project.host.answers = vec![table(&["value"], &json!([["O'Neil"], ["x"]]))];
    assert_eq!(
        project.sql("{% set vs = utils.column_values(ref('a'), 'name', where='true', max_records=2) %}{{ utils.pivot('name', vs, prefix='n_') }}"),
        r#"sum( case when name = 'O''Neil' then 1 else 0 end ) as "n_O'Neil" , sum( case when name = 'x' then 1 else 0 end ) as "n_x""#
    );
    assert_eq!(
        *project.host.queries.borrow(),
        [r#"select name as value from "db"."analytics"."a" where true group by name order by count(*) desc limit 2"#]
    );
    assert_eq!(project.parse("{{ utils.column_values(ref('a'), 'name') }}").unwrap().text, "[]");
}

#[test]
fn unions_of_relations() {
    let mut project = project();
    project.host.columns = vec![("id", "integer"), ("x", "text")];
    assert_eq!(
        project.sql("{{ utils.union_relations([ref('a'), source('s', 'b')]) }}"),
        r#"( select cast('"db"."analytics"."a"' as text) as _source, cast("id" as integer) as "id", cast("x" as text) as "x" from "db"."analytics"."a" ) union all ( select cast('"db"."s"."b"' as text) as _source, cast("id" as integer) as "id", cast("x" as text) as "x" from "db"."s"."b" )"#
    );
}

#[test]
fn date_spines() {
    let mut project = project();
    project.host.answers = vec![table(&["days"], &json!([[3]]))];
    assert_eq!(
        project.sql("{{ utils.date_spine('day', \"cast('2024-01-01' as date)\", \"cast('2024-01-04' as date)\") }}"),
        "with raw as ( with p as (select 0 as n union all select 1), counted as ( select p0.n * power(2, 0) + p1.n * power(2, 1) + 1 as n from p as p0 cross join p as p1 ) select * from counted where n <= 3 ) select cast('2024-01-01' as date) + ((interval '1 day') * (row_number() over (order by 1) - 1)) as date_day from raw"
    );
    let error = project.render("{{ utils.series(0) }}").unwrap_err();
    assert_eq!(error.message, "upper bound must be positive");
}

#[test]
fn group_by_and_dispatch() {
    let project = project();
    assert_eq!(project.sql("{{ utils.group_by(3) }}"), "group by 1,2,3");
    assert_eq!(
        project.sql("{{ utils.deduplicate('t', 'id', 'ts desc') }}"),
        "select distinct on (id) * from t order by id,ts desc"
    );
    assert!(
        project.render("{{ utils.star('text') }}").unwrap_err().message.contains("expected a relation and got: text")
    );
}

#[test]
fn the_root_project_overrides_what_a_package_dispatches() {
    let project = Project::with_macros(&[
        ("utils", "macros/utils.sql", include_str!("utils_macros.sql")),
        (
            "shop",
            "macros/mine.sql",
            "{% macro default__deduplicate(relation, partition_by, order_by) %}mine{% endmacro %}",
        ),
    ]);
    assert_eq!(project.sql("{{ utils.deduplicate('t', 'id', 'ts') }}"), "mine");
}

#[test]
fn which_macro_a_name_means() {
    let project = Project::with_macros(&[
        (
            "shop",
            "a.sql",
            "{% macro who() %}shop{% endmacro %}{% macro type_int() %}int8{% endmacro %}{% macro ref(n) %}[{{ builtins.ref(n).identifier }}]{% endmacro %}",
        ),
        (
            "utils",
            "b.sql",
            "{% macro who() %}utils{% endmacro %}{% macro ask() %}{{ who() }}{{ only_here() }}{% endmacro %}{% macro only_here() %}!{% endmacro %}",
        ),
    ]);
    assert_eq!(project.sql("{{ who() }} {{ utils.who() }} {{ shop.who() }}"), "shop utils shop");
    // A macro sees what the model sees; its own package comes last.
    assert_eq!(project.sql("{{ utils.ask() }}"), "shop!");
    assert_eq!(project.sql("{{ type_int() }} {{ dbt.type_int() }} {{ type_string() }}"), "int8 integer text");
    assert_eq!(project.sql("{{ ref('orders') }}"), "[orders]");
}

#[test]
fn threads_share_the_macros() {
    fn shared<T: Send + Sync>(value: T) -> T {
        value
    }
    let jinja = shared(project().jinja);
    std::thread::scope(|threads| {
        threads.spawn(|| assert!(jinja.has_macro(Some("utils"), "star")));
        threads.spawn(|| assert!(jinja.has_macro(None, "type_int")));
    });
}

#[test]
fn the_manifest_sees_macros() {
    let project = Project::with_macros(&[
        (
            "shop",
            "a.sql",
            "\n{% macro one(x, y=1) %}{{ two() ~ utils.star(x) }}{{ nope() }}{% endmacro %}\n{% macro two() %}{% endmacro %}",
        ),
        ("utils", "u.sql", include_str!("utils_macros.sql")),
        (
            "shop",
            "m.sql",
            "{% materialization view, adapter='delta' %}{{ two() }}{% endmaterialization %}{% test odd(model) %}select 1{% endtest %}",
        ),
    ]);
    let macros = project.jinja.macros();
    let find = |id: &str| macros.iter().find(|info| info.unique_id == id).unwrap();
    let one = find("macro.shop.one");
    assert_eq!(one.sql, "{% macro one(x, y=1) %}{{ two() ~ utils.star(x) }}{{ nope() }}{% endmacro %}");
    assert_eq!(
        (one.arguments.as_slice(), one.path.to_str()),
        (["x".to_string(), "y".to_string()].as_slice(), Some("a.sql"))
    );
    assert_eq!(one.calls, ["macro.shop.two", "macro.utils.star"]);
    assert_eq!(find("macro.utils.star").calls, ["macro.utils.default__star"]);
    assert_eq!(find("macro.shop.materialization_view_delta").calls, ["macro.shop.two"]);
    assert_eq!(find("macro.shop.test_odd").arguments, ["model"]);
    assert_eq!(find("macro.dbt.test_unique").package, "dbt");
    assert!(project.jinja.has_macro(None, "test_odd") && project.jinja.has_macro(None, "test_unique"));
    assert!(!project.jinja.has_macro(None, "star") && project.jinja.has_macro(Some("utils"), "star"));
    assert!(project.jinja.macro_names().contains(&"test_odd".to_string()));
}
