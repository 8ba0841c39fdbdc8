//! dbt's context: functions, variables and what parsing records.

use super::*;

#[test]
fn parsing_records_what_a_model_asks_for() {
    let project = Project::with_macros(&[
        ("shop", "macros/m.sql", "{% macro late() %}{{ ref('from_macro') }}{{ utils.deep() }}{% endmacro %}"),
        ("utils", "macros/u.sql", "{% macro deep() %}{% endmacro %}"),
    ]);
    let text = "{{ config(materialized='incremental', tags=['a', 'b']) }}{{ config({'unique_key': 'id'}) }}\n\
        select * from {{ ref('orders') }}, {{ ref('pkg', 'x', v=2) }}, {{ source('raw', 'events') }}\n\
        where {{ var('n') }} > {{ var('unset', 3) }} and '{{ env_var('HOME_TOWN') }}' = {{ late() }}\
        {% if execute %}{{ ref('hidden') }}{% endif %}{% if is_incremental() %}{{ ref('hidden') }}{% endif %}";
    let parsed = project.parse(text).unwrap();
    let refs: Vec<(Option<&str>, &str, Option<&str>)> =
        parsed.refs.iter().map(|r| (r.package.as_deref(), r.name.as_str(), r.version.as_deref())).collect();
    assert_eq!(refs, [(None, "orders", None), (Some("pkg"), "x", Some("2")), (None, "from_macro", None)]);
    assert_eq!((parsed.refs[0].place.line, parsed.refs[0].place.column), (2, 18));
    assert_eq!(parsed.refs[2].place.path, Path::new("macros/m.sql"));
    assert_eq!((parsed.sources[0].source.as_str(), parsed.sources[0].table.as_str()), ("raw", "events"));
    let configs: Vec<(&str, &Json)> = parsed.configs.iter().map(|(key, value, _)| (key.as_str(), value)).collect();
    assert_eq!(
        configs,
        [("materialized", &json!("incremental")), ("tags", &json!(["a", "b"])), ("unique_key", &json!("id"))]
    );
    assert_eq!(parsed.vars_used, ["n", "unset"]);
    assert_eq!(parsed.env_vars_used, [EnvVarUse { name: "HOME_TOWN".into(), secret: false }]);
    assert_eq!(parsed.macros_called, ["macro.shop.late", "macro.utils.deep"]);
    assert!(parsed.text.contains(r#"from "db"."analytics"."orders", "db"."analytics"."x", "db"."raw"."events""#));
}

#[test]
fn rendering_asks_the_host() {
    let mut project = Project::new();
    project.host.incremental = true;
    assert_eq!(
        project.sql("{{ ref('a') }} {{ ref('p', 'a') }} {{ ref('a', version=3) }}"),
        r#""db"."analytics"."a" "db"."p"."a" "db"."analytics"."a_v3""#
    );
    assert_eq!(
        project.sql("{{ source('s', 't') }} {{ this }} {{ this.name }}"),
        r#""db"."s"."t" "db"."analytics"."me" me"#
    );
    assert_eq!(project.sql("{{ is_incremental() }} {{ execute }}"), "True True");
}

#[test]
fn relations() {
    let project = Project::new();
    for (template, expected) in [
        ("{{ ref('a').include(database=false) }}", r#""analytics"."a""#),
        ("{{ ref('a').include(database=false, schema=false) }}", r#""a""#),
        ("{{ ref('a').quote(identifier=false) }}", r#""db"."analytics".a"#),
        (
            "{{ ref('a').database }}.{{ ref('a').schema }}.{{ ref('a').identifier }}.{{ ref('a').table }}",
            "db.analytics.a.a",
        ),
        ("{{ ref('a').is_view }} {{ ref('a').is_table }} {{ ref('a').type }}", "True False view"),
        ("{{ api.Relation.create(database='d', schema='s', identifier='i\"x') }}", r#""d"."s"."i""x""#),
        ("{{ api.Relation.create(schema='s', identifier='i', type='table').is_table }}", "True"),
        ("{{ ref('a').incorporate(path={'identifier': 'b'}) }}", r#""db"."analytics"."b""#),
        ("{{ ref('a').information_schema('columns') }}", r#""db".information_schema.columns"#),
        ("{{ ref('a') == ref('a') }} {{ ref('a') == ref('b') }} {{ ref('a') in [ref('a')] }}", "True False True"),
        (
            "{{ ref('a') is string }} {{ ref('a') | string | length > 5 }} {{ ref('a') ~ '' == ref('a') | string }}",
            "False True True",
        ),
        ("{{ [ref('a')] }}", r#"[<Relation "db"."analytics"."a">]"#),
        ("{{ adapter.get_relation(database='db', schema='s', identifier='no') is none }}", "True"),
        ("{{ load_relation(this) is none }}", "True"),
    ] {
        assert_eq!(project.sql(template), expected, "{template}");
    }
    assert_eq!(relation("a\"b", "c").to_string(), r#""db"."a""b"."c""#);
}

#[test]
fn a_relation_as_a_global() {
    let mut project = Project::new();
    project.extra = json!({"model": relation("s", "t").to_json(), "plain": {"a": 1}});
    assert_eq!(project.sql("{{ model }} {{ model.identifier }} {{ plain }}"), r#""db"."s"."t" t {'a': 1}"#);
}

#[test]
fn plain_variables() {
    let mut project = Project::new();
    project.flags = json!({"full_refresh": true, "which": "run"});
    project.node = Some(json!({"name": "orders", "tags": ["x"]}));
    for (template, expected) in [
        (
            "{{ target.name }} {{ target.schema }} {{ target['type'] }} {{ target.database }} {{ target.threads }}",
            "dev analytics delta db 4",
        ),
        (
            "{{ target.get('password', 'hidden') }} {{ target.pass is defined }} {{ target.private_key_path is defined }}",
            "hidden False False",
        ),
        (
            "{{ flags.FULL_REFRESH }} {{ flags.WHICH }} {{ flags.full_refresh }} {{ should_full_refresh() }}",
            "True run True True",
        ),
        (
            "{{ var('n') + 1 }} {{ var('zz', [1]) }} {{ var('days') }} {{ var.has_var('n') }} {{ var.has_var('zz') }}",
            "6 [1] ['mon', 'tue'] True False",
        ),
        ("{{ env_var('HOME_TOWN') }} {{ env_var('NOPE', 'x') }}", "Bern x"),
        (
            "{{ dbt_version }} {{ project_name }} {{ invocation_id }} {{ model.name }} {{ model.tags[0] }}",
            "1.10.0 shop id-1 orders x",
        ),
        (
            "{{ graph.nodes.values() | list }} {{ selected_resources }} {{ builtins.ref('a') }}",
            r#"[] [] "db"."analytics"."a""#,
        ),
        (
            "{{ context['ref']('a') }} {{ context.get('nope') }} {{ context['nope'] is defined }}",
            r#""db"."analytics"."a" None False"#,
        ),
    ] {
        assert_eq!(project.sql(template), expected, "{template}");
    }
}

#[test]
fn config_answers_what_is_configured() {
    let mut project = Project::new();
    project.config = Some(json!({"materialized": "table", "meta": {"k": 1}, "persist_docs": {"columns": true}}));
    for (template, expected) in [
        (
            "{{ config.get('materialized') }} {{ config.get('x', 'dflt') }} {{ config.get('x') is none }}",
            "table dflt True",
        ),
        ("{{ config.get('meta').k }} {{ config.require('materialized') }}", "1 table"),
        ("{{ config.persist_column_docs() }} {{ config.persist_relation_docs() }}", "True False"),
        ("{{ config(materialized='view') }}|{{ config.get('materialized') }}", "|table"),
    ] {
        assert_eq!(project.sql(template), expected, "{template}");
    }
    assert!(project.render("{{ config.require('nope') }}").unwrap_err().message.contains("'nope' is required"));
}

#[test]
fn queries() {
    let mut project = Project::new();
    let answer = table(&["city", "n"], &json!([["Bern", 2], ["Basel", null], ["Bern", 1.5]]));
    project.host.answers = vec![answer.clone(), answer, table(&["x"], &json!([[7]]))];
    assert_eq!(
        project.sql(
            "{% set t = run_query('select  1') %}{{ t.columns[0].values() }} {{ t.columns['n'].values() | list }} {{ t.columns.city.values_distinct() }}
            {{ t.column_names }} {{ t.rows | length }} {{ t | length }} {{ t.rows[0]['city'] }} {{ t.rows[1].n }} {{ t.rows[0][1] }} {{ t.rows[2] }}
            {% for row in t %}{{ row.city }}{{ row[1] }}{% endfor %} {% for c, n in t.rows %}{{ c }}{% endfor %} {{ t.columns | map(attribute='name') | list }} {{ t.rows[0].dict() }}"
        ),
        "('Bern', 'Basel', 'Bern') [2, None, 1.5] ('Bern', 'Basel') ('city', 'n') 3 3 Bern None 2 ('Bern', 1.5) Bern2BaselNoneBern1.5 BernBaselBern ['city', 'n'] {'city': 'Bern', 'n': 2}"
    );
    assert_eq!(
        project.sql(
            "{% call statement('r', fetch_result=true) %}select {{ 1 + 1 }}{% endcall %}{% set r = load_result('r') %}{{ r.data }} {{ r['table'].rows[0].n }} {{ load_result('none') is none }}"
        ),
        "[['Bern', 2], ['Basel', None], ['Bern', 1.5]] 2 True"
    );
    assert_eq!(project.sql("{{ dbt.run_query('select 3').rows[0].x }}"), "7");
    assert_eq!(*project.host.queries.borrow(), ["select 1", "select 2", "select 3"]);
    let error = project.render("{{ run_query('boom') }}").unwrap_err();
    assert!(error.message.contains("no answer prepared") && error.hint.unwrap().contains("boom"));
}

#[test]
fn columns() {
    let mut project = Project::new();
    project.host.columns = vec![("id", "integer"), ("name", "character varying(20)"), ("x", "numeric(28,6)")];
    assert_eq!(
        project.sql("{% for c in adapter.get_columns_in_relation(this) %}{{ c.name }} {{ c.quoted }} {{ c.data_type }} {{ c.dtype }} {{ c.is_number() }} {{ c.is_string() }};{% endfor %}"),
        r#"id "id" integer integer True False;name "name" character varying(20) character varying False True;x "x" numeric(28,6) numeric True False;"#
    );
    assert_eq!(project.parse("{{ adapter.get_columns_in_relation(this) }}").unwrap().text, "[]");
    assert_eq!(
        project.sql("{{ api.Column.create('a', 'text').name }} {{ api.Column.translate_type('int') }}"),
        "a int"
    );
}

#[test]
fn modules() {
    let project = Project::new();
    for (template, expected) in [
        (
            "{{ run_started_at }} {{ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f %j %a %B %p %I') }}",
            "2024-01-02 15:04:05.123456+00:00 2024-01-02 15:04:05.123456 002 Tue January PM 03",
        ),
        (
            "{{ run_started_at.date() }} {{ run_started_at.isoformat() }} {{ run_started_at.year + 1 }}",
            "2024-01-02 2024-01-02T15:04:05.123456+00:00 2025",
        ),
        ("{{ run_started_at.astimezone(modules.pytz.timezone('UTC')).hour }}", "15"),
        (
            "{% set d = modules.datetime.datetime.strptime('2024-02-28', '%Y-%m-%d') %}{{ d + modules.datetime.timedelta(days=2) }} {{ (d - modules.datetime.timedelta(hours=1)).isoformat() }}",
            "2024-03-01 00:00:00 2024-02-27T23:00:00",
        ),
        (
            "{% set dt = modules.datetime %}{{ (dt.date(2024, 3, 1) - dt.date(2024, 2, 1)).days }} {{ dt.date(2024, 1, 31) < dt.date(2024, 2, 1) }} {{ dt.datetime(2024, 1, 1, 12).strftime('%H%%') }}",
            "29 True 12%",
        ),
        (
            "{{ modules.datetime.timedelta(days=-1, seconds=5) }} {{ modules.datetime.timedelta(hours=36).total_seconds() }} {{ modules.datetime.datetime.now().year > 2000 }}",
            "-1 day, 0:00:05 129600.0 True",
        ),
        (
            "{% set re = modules.re %}{{ re.match('(\\\\w+)-(\\\\d+)', 'abc-12x').groups() }} {{ re.match('b', 'abc') is none }} {{ re.search('b(?P<rest>.*)', 'abcd').group('rest') }}",
            "('abc', '12') True cd",
        ),
        (
            "{% set re = modules.re %}{{ re.sub('([a-z])(\\\\d)', '\\\\2\\\\1', 'a1b2') }} {{ re.findall('\\\\d', 'a1b2') }} {{ re.split(',\\\\s*', 'a, b,c') }} {{ re.sub('A', 'x', 'aA', 0, re.IGNORECASE) }} {{ re.compile('a+').match('aab').span() }} {{ re.match('a|ab$', 'ab').group() }} {{ re.fullmatch('a|ab', 'ab').group() }}",
            "1a2b ['1', '2'] ['a', 'b', 'c'] xx (0, 2) a ab",
        ),
    ] {
        assert_eq!(project.sql(template), expected, "{template}");
    }
}

#[test]
fn data_functions() {
    let project = Project::new();
    for (template, expected) in [
        ("{{ fromjson('{\"a\": [1, 2.5, null]}')['a'] }} {{ fromjson('nope', 'd') }}", "[1, 2.5, None] d"),
        (
            "{{ tojson({'b': 1, 'a': [true, none]}) }} {{ tojson({'b': 1, 'a': 2}, sort_keys=true) }}",
            r#"{"b": 1, "a": [true, null]} {"a": 2, "b": 1}"#,
        ),
        ("{{ fromyaml('a: [1, x]\nb: true') }} {{ fromyaml('[', 'd') }}", "{'a': [1, 'x'], 'b': True} d"),
        (
            "{{ toyaml({'a': [1, 'x'], 'b': {'c': none}, 'd': 'yes', 'e': []}) | replace('\n', '/') }}",
            "a:/- 1/- x/b:/ c: null/d: 'yes'/e: []/",
        ),
        (
            "{{ set([1, 2, 1]) | length }} {{ set_strict([1]) }} {{ zip([1, 2], ['a', 'b']) | list }} {{ zip_strict([1], [2, 3]) }} {{ zip(1, 2) }}",
            "2 {1} [(1, 'a'), (2, 'b')] [(1, 2)] None",
        ),
        ("{{ local_md5('hello') }}", "5d41402abc4b2a76b9719d911017c592"),
        (
            "{% set s = set([1]) %}{% do s.add(2) %}{{ s }} {{ s.union([3]) | sort }} {{ s - set([1]) }} {{ 2 in s }}",
            "{1, 2} [1, 2, 3] {2} True",
        ),
        ("{{ '5' | as_number + 1 }} {{ 'x' | as_text }} {{ 'true' | as_bool }} {{ '1' | as_native }}", "6 x True 1"),
    ] {
        assert_eq!(project.sql(template), expected, "{template}");
    }
}

#[test]
fn messages_go_to_the_log() {
    let project = Project::new();
    assert_eq!(project.sql("{{ log('a') }}{{ log('b', info=true) }}{% do print(1) %}{{ exceptions.warn('w') }}x"), "x");
    let log = [(LogLevel::Debug, "a"), (LogLevel::Info, "b"), (LogLevel::Info, "1"), (LogLevel::Warn, "w")];
    assert_eq!(*project.log.borrow(), log.map(|(level, text)| (level, text.to_string())));
}

#[test]
fn values_of_yaml_files_keep_their_type() {
    let project = Project::new();
    for (text, expected) in [
        ("{{ var('n') }}", json!(5)),
        ("{{ var('days') }}", json!(["mon", "tue"])),
        ("{{ var('n') }}x", json!("5x")),
        ("{{ target.name == 'dev' }}", json!(true)),
        ("{{ none }}", json!(null)),
        ("{{ env_var('DBT_ENV_SECRET_KEY') }}", json!("Bern")),
        ("{{ env_var('NOPE', '7') | as_number }}", json!(7)),
        ("{{ 'a' if target.name == 'prod' else 'b' }}", json!("b")),
        ("plain", json!("plain")),
        ("plain\n", json!("plain\n")),
    ] {
        assert_eq!(project.value(text).unwrap(), expected, "{text}");
    }
    let error = project.value("{{ ref('a') }}").unwrap_err();
    assert!(error.hint.unwrap().contains("YAML files see only"));
    assert!(project.value("{{ var('unset') }}").unwrap_err().message.contains("'unset' is not set"));
}
