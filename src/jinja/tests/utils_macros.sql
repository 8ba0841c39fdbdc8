{# Macros in the style of the utility packages of dbt, for the features of the language they lean on. #}

{% macro is_relation(obj, name) %}
    {% if not (obj is mapping and obj.get('identifier')) and obj.identifier is not defined %}
        {% do exceptions.raise_compiler_error("macro " ~ name ~ " expected a relation and got: " ~ obj) %}
    {% endif %}
{% endmacro %}

{% macro filtered_columns(from, except=[]) -%}
    {{ return(adapter.dispatch('filtered_columns', 'utils')(from, except)) }}
{%- endmacro %}

{% macro default__filtered_columns(from, except=[]) -%}
    {%- do utils.is_relation(from, 'filtered_columns') -%}
    {%- set kept = [] -%}
    {%- set hidden = except | map("lower") | list -%}
    {%- for column in adapter.get_columns_in_relation(from) -%}
        {%- if column.column | lower not in hidden -%}
            {% do kept.append(column.column) %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(kept) }}
{%- endmacro %}

{% macro star(from, relation_alias=False, except=[], prefix='', suffix='') -%}
    {{ return(adapter.dispatch('star', 'utils')(from, relation_alias, except, prefix, suffix)) }}
{%- endmacro %}

{% macro default__star(from, relation_alias=False, except=[], prefix='', suffix='') -%}
    {%- if not execute -%}
        {% do return('*') %}
    {%- endif -%}
    {%- for column in utils.filtered_columns(from, except) %}
        {%- if relation_alias %}{{ relation_alias }}.{% endif -%}
        {{ adapter.quote(column) | trim }}
        {%- if prefix != '' or suffix != '' %} as {{ adapter.quote(prefix ~ column ~ suffix) | trim }}{% endif -%}
        {%- if not loop.last %},{{ '\n  ' }}{% endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro surrogate_key(fields) -%}
    {%- set parts = [] -%}
    {%- if varargs | length >= 1 or fields is string -%}
        {%- set fields = [fields] + (varargs | list) -%}
    {%- endif -%}
    {%- for field in fields -%}
        {%- do parts.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '_null_')") -%}
        {%- if not loop.last %}{%- do parts.append("'-'") -%}{%- endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}

{% macro column_values(table, column, order_by='count(*) desc', max_records=none, default=none, where=none) -%}
    {%- call statement('get_column_values', fetch_result=true) %}
        select {{ column }} as value from {{ table }}
        {% if where is not none %}where {{ where }}{% endif %}
        group by {{ column }} order by {{ order_by }}
        {% if max_records is not none %}limit {{ max_records }}{% endif %}
    {% endcall -%}
    {%- if not execute -%}
        {% set default = [] if not default %}
        {{ return(default) }}
    {%- endif -%}
    {%- set found = load_result('get_column_values') -%}
    {%- if found and found['data'] -%}
        {{ return(found['data'] | map(attribute=0) | list) }}
    {%- else -%}
        {{ return(default) }}
    {%- endif -%}
{%- endmacro %}

{% macro pivot(column, values, alias=True, agg='sum', cmp='=', then_value=1, else_value=0, prefix='', distinct=False) %}
    {% for value in values %}
        {{ agg }}(
            {% if distinct %}distinct{% endif %}
            case when {{ column }} {{ cmp }} '{{ dbt.escape_single_quotes(value) }}' then {{ then_value }} else {{ else_value }} end
        )
        {% if alias %}as {{ adapter.quote(prefix ~ value) }}{% endif %}
        {% if not loop.last %},{% endif %}
    {% endfor %}
{% endmacro %}

{% macro union_relations(relations, source_column='_source') -%}
    {%- set superset = {} -%}
    {%- set supersets = {} -%}
    {%- for relation in relations -%}
        {%- do supersets.update({relation: []}) -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- set known = superset.get(column.column) -%}
            {%- if known is none or column.is_string() and column.string_size() > known.string_size() -%}
                {%- do superset.update({column.column: column}) -%}
            {%- endif -%}
            {%- do supersets[relation].append(column.column) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for relation in relations %}
        (
            select
                cast({{ dbt.string_literal(relation) }} as {{ dbt.type_string() }}) as {{ source_column }},
                {% for name, column in superset.items() %}
                    cast({{ column.quoted if name in supersets[relation] else 'null' }} as {{ column.data_type }}) as {{ column.quoted }}{{ "," if not loop.last }}
                {% endfor %}
            from {{ relation }}
        )
        {% if not loop.last %}union all{% endif %}
    {%- endfor -%}
{%- endmacro %}

{% macro group_by(n) -%}
    group by {% for i in range(1, n + 1) -%}{{ i }}{{ ',' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro powers_of_two(upper) %}
    {% if upper <= 0 %}{{ exceptions.raise_compiler_error("upper bound must be positive") }}{% endif %}
    {% for _ in range(1, 100) %}{% if upper <= 2 ** loop.index %}{{ return(loop.index) }}{% endif %}{% endfor %}
{% endmacro %}

{% macro series(upper) %}
    {% set n = utils.powers_of_two(upper) %}
    with p as (select 0 as n union all select 1), counted as (
        select {% for i in range(n) %}p{{ i }}.n * power(2, {{ i }}){% if not loop.last %} + {% endif %}{% endfor %} + 1 as n
        from {% for i in range(n) %}p as p{{ i }}{% if not loop.last %} cross join {% endif %}{% endfor %}
    ) select * from counted where n <= {{ upper }}
{% endmacro %}

{% macro date_spine(datepart, start_date, end_date) %}
    {% set found = run_query('select ' ~ dbt.datediff(start_date, end_date, datepart)) %}
    {% set intervals = found.columns[0].values()[0] if execute else 1 %}
    with raw as ({{ utils.series(intervals) }})
    select {{ dbt.dateadd(datepart, "row_number() over (order by 1) - 1", start_date) }} as date_{{ datepart }} from raw
{% endmacro %}

{% macro deduplicate(relation, partition_by, order_by) -%}
    {{ return(adapter.dispatch('deduplicate', 'utils')(relation, partition_by, order_by)) }}
{% endmacro %}

{%- macro default__deduplicate(relation, partition_by, order_by) -%}
    generic({{ relation }})
{%- endmacro -%}

{%- macro postgres__deduplicate(relation, partition_by, order_by) -%}
    select distinct on ({{ partition_by }}) * from {{ relation }} order by {{ partition_by }}{{ ',' ~ order_by }}
{%- endmacro -%}
