//! dbt's own macros.

use super::*;

#[test]
fn generic_tests() {
    let cases = [
        ("not_null", json!({}), "select id from \"db\".\"analytics\".\"orders\" where id is null"),
        (
            "unique",
            json!({}),
            "select id as unique_field, count(*) as n_records from \"db\".\"analytics\".\"orders\" where id is not null group by id having count(*) > 1",
        ),
        (
            "accepted_values",
            json!({"values": ["a", "b"]}),
            "with all_values as ( select id as value_field, count(*) as n_records from \"db\".\"analytics\".\"orders\" group by id ) select * from all_values where value_field not in ( 'a', 'b' )",
        ),
        (
            "accepted_values",
            json!({"values": [1, 2], "quote": false}),
            "with all_values as ( select id as value_field, count(*) as n_records from \"db\".\"analytics\".\"orders\" group by id ) select * from all_values where value_field not in ( 1, 2 )",
        ),
        (
            "relationships",
            json!({"to": "ref('customers')", "field": "cid"}),
            "with child as ( select id as from_field from \"db\".\"analytics\".\"orders\" where id is not null ), parent as ( select cid as to_field from \"db\".\"analytics\".\"customers\" ) select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null",
        ),
    ];
    for (name, arguments, expected) in cases {
        let mut kwargs = json!({"model": "{{ get_where_subquery(ref('orders')) }}", "column_name": "id"});
        kwargs.as_object_mut().unwrap().extend(map(&arguments));
        let mut project = Project::new();
        project.test_kwargs = Some(kwargs);
        let text = format!("{{{{ test_{name}(**_dbt_generic_test_kwargs) }}}}");
        assert_eq!(project.sql(&text), expected);
        let parsed = project.parse(&text).unwrap();
        let wanted = if name == "relationships" { vec!["orders", "customers"] } else { vec!["orders"] };
        assert_eq!(parsed.refs.iter().map(|r| r.name.as_str()).collect::<Vec<&str>>(), wanted);
    }
}

#[test]
fn a_where_config_restricts_a_test() {
    let mut project = Project::new();
    project.config = Some(json!({"where": "id > 1", "store_failures": true}));
    project.test_kwargs = Some(json!({"model": "{{ get_where_subquery(ref('orders')) }}", "column_name": "id"}));
    assert_eq!(
        project.sql("{{ test_not_null(**_dbt_generic_test_kwargs) }}"),
        "select * from (select * from \"db\".\"analytics\".\"orders\" where id > 1) dbt_subquery where id is null"
    );
}

#[test]
fn a_project_overrides_a_builtin_test() {
    let mut project = Project::with_macros(&[(
        "shop",
        "t.sql",
        "{% test unique(model, column_name) %}mine {{ column_name }}{% endtest %}",
    )]);
    project.test_kwargs = Some(json!({"model": "m", "column_name": "{{ id }}"}));
    assert_eq!(project.sql("{{ test_unique(**_dbt_generic_test_kwargs) }}"), "mine {{ id }}");
}

const CROSS_DATABASE: [(&str, &str); 26] = [
    ("{{ dbt.dateadd('day', 7, 'ts') }}", "ts + ((interval '1 day') * (7))"),
    (
        "{{ dateadd(datepart='month', interval=-1, from_date_or_timestamp='now()') }}",
        "now() + ((interval '1 month') * (-1))",
    ),
    ("{{ dbt.datediff('a', 'b', 'day') }}", "((b)::date - (a)::date)"),
    ("{{ dbt.datediff('a', 'b', 'year') }}", "(date_part('year', (b)::timestamp) - date_part('year', (a)::timestamp))"),
    (
        "{{ dbt.datediff('a', 'b', 'week') }}",
        "((date_trunc('week', (b)::timestamp)::date - date_trunc('week', (a)::timestamp)::date) / 7)",
    ),
    (
        "{{ dbt.datediff('a', 'b', 'hour') }}",
        "(extract(epoch from date_trunc('hour', (b)::timestamp) - date_trunc('hour', (a)::timestamp)) / 3600)::bigint",
    ),
    ("{{ dbt.date_trunc('month', 'd') }}", "date_trunc('month', d)"),
    (
        "{{ dbt.last_day('d', 'month') }}",
        "cast(date_trunc('month', d) + ((interval '1 month') * (1)) + ((interval '1 day') * (-1)) as date)",
    ),
    (
        "{{ dbt.last_day('d', 'quarter') }}",
        "cast(date_trunc('quarter', d) + ((interval '1 month') * (3)) + ((interval '1 day') * (-1)) as date)",
    ),
    ("{{ dbt.concat(['a', \"'-'\", 'b']) }}", "a || '-' || b"),
    ("{{ dbt.hash('a') }}", "md5(cast(a as text))"),
    (
        "{{ dbt.type_string() }}, {{ dbt.type_timestamp() }}, {{ dbt.type_int() }}, {{ type_numeric() }}",
        "text, timestamp without time zone, integer, numeric(28,6)",
    ),
    ("{{ dbt.type_float() }} {{ dbt.type_bigint() }} {{ dbt.type_boolean() }}", "float bigint boolean"),
    ("{{ dbt.safe_cast('a', api.Column.translate_type('date')) }}", "cast(a as date)"),
    ("{{ dbt.current_timestamp() }}", "now()"),
    ("{{ dbt.split_part('a', \"','\", 2) }}", "split_part(a, ',', 2)"),
    ("{{ dbt.split_part('a', \"','\", -1) }}", "split_part( a, ',', length(a) - length(replace(a, ',', '')) + 2 -1 )"),
    ("{{ dbt.length('a') }} {{ dbt.any_value('a') }} {{ dbt.bool_or('a') }}", "length(a) any_value(a) bool_or(a)"),
    (
        "select 1 {{ dbt.except() }} select 2 {{ dbt.intersect() }} select 3",
        "select 1 except select 2 intersect select 3",
    ),
    ("{{ dbt.listagg('a', \"', '\", 'order by b') }}", "string_agg(a, ', ' order by b)"),
    ("{{ dbt.listagg('a', limit_num=2) }}", "array_to_string( (array_agg(a))[1:2], ',' )"),
    ("{{ dbt.string_literal('x') }} {{ dbt.escape_single_quotes(\"it's\") }}", "'x' it''s"),
    (
        "{{ dbt.right('a', 2) }} {{ dbt.replace('a', \"'x'\", \"'y'\") }} {{ dbt.position(\"'x'\", 'a') }}",
        "right(a, 2) replace(a, 'x', 'y') position('x' in a)",
    ),
    ("{{ dbt.cast_bool_to_text('a') }} {{ dbt.cast('a', 'text') }}", "cast(a as text) cast(a as text)"),
    ("{{ dbt.date(2024, 2, 3) }}", "to_date('2024-02-03', 'YYYY-MM-DD')"),
    (
        "{{ dbt.array_construct([1, 2]) }} {{ dbt.array_construct() }} {{ dbt.array_append('a', 1) }}",
        "array[1, 2] array[]::integer[] array_append(a, 1)",
    ),
];

#[test]
fn cross_database_functions() {
    let project = Project::new();
    for (template, expected) in CROSS_DATABASE {
        assert_eq!(project.sql(template), expected, "{template}");
    }
    assert!(project.render("{{ dbt.datediff('a', 'b', 'eon') }}").unwrap_err().message.contains("'eon'"));
}

#[test]
fn every_builtin_macro_parses_its_calls() {
    let macros = Project::new().jinja.macros();
    for info in &macros {
        let dispatches = info.sql.contains("adapter.dispatch(");
        assert!(!dispatches || !info.calls.is_empty(), "{} dispatches to a macro that does not exist", info.unique_id);
    }
}
