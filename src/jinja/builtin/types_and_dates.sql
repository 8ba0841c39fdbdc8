{# Types, and functions of dates and times, in the SQL of Postgres. #}

{% macro type_string() %}
    {{ return(adapter.dispatch('type_string', 'dbt')()) }}
{% endmacro %}

{% macro default__type_string() -%}
    text
{%- endmacro %}

{% macro type_timestamp() %}
    {{ return(adapter.dispatch('type_timestamp', 'dbt')()) }}
{% endmacro %}

{% macro default__type_timestamp() -%}
    timestamp without time zone
{%- endmacro %}

{% macro type_float() %}
    {{ return(adapter.dispatch('type_float', 'dbt')()) }}
{% endmacro %}

{% macro default__type_float() -%}
    float
{%- endmacro %}

{% macro type_numeric() %}
    {{ return(adapter.dispatch('type_numeric', 'dbt')()) }}
{% endmacro %}

{% macro default__type_numeric() -%}
    numeric(28,6)
{%- endmacro %}

{% macro type_bigint() %}
    {{ return(adapter.dispatch('type_bigint', 'dbt')()) }}
{% endmacro %}

{% macro default__type_bigint() -%}
    bigint
{%- endmacro %}

{% macro type_int() %}
    {{ return(adapter.dispatch('type_int', 'dbt')()) }}
{% endmacro %}

{% macro default__type_int() -%}
    integer
{%- endmacro %}

{% macro type_boolean() %}
    {{ return(adapter.dispatch('type_boolean', 'dbt')()) }}
{% endmacro %}

{% macro default__type_boolean() -%}
    boolean
{%- endmacro %}

{% macro current_timestamp() %}
    {{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}
{% endmacro %}

{% macro default__current_timestamp() -%}
    now()
{%- endmacro %}

{% macro current_timestamp_in_utc_backcompat() %}
    {{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}
{% endmacro %}

{% macro default__current_timestamp_in_utc_backcompat() -%}
    (now() at time zone 'utc')::timestamp without time zone
{%- endmacro %}

{% macro snapshot_get_time() %}
    {{ return(adapter.dispatch('snapshot_get_time', 'dbt')()) }}
{% endmacro %}

{% macro default__snapshot_get_time() -%}
    {{ current_timestamp() }}::timestamp without time zone
{%- endmacro %}

{% macro date(year, month, day) %}
    {{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}
{% endmacro %}

{% macro default__date(year, month, day) -%}
    {%- set made = modules.datetime.date(year, month, day) -%}
    to_date('{{ made.strftime('%Y-%m-%d') }}', 'YYYY-MM-DD')
{%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) %}
    {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{% endmacro %}

{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}

{% macro date_trunc(datepart, date) %}
    {{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}
{% endmacro %}

{% macro default__date_trunc(datepart, date) -%}
    date_trunc('{{ datepart }}', {{ date }})
{%- endmacro %}

{% macro last_day(date, datepart) %}
    {{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}
{% endmacro %}

{% macro default__last_day(date, datepart) -%}
    {%- set first = dbt.date_trunc(datepart, date) -%}
    cast({{ dbt.dateadd('day', '-1', dbt.dateadd('month', 3 if datepart == 'quarter' else 1, first) if datepart in ['quarter', 'month'] else dbt.dateadd(datepart, 1, first)) }} as date)
{%- endmacro %}

{# How many boundaries of the part lie between two points in time. #}
{% macro datediff(first_date, second_date, datepart) %}
    {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{% endmacro %}

{% macro default__datediff(first_date, second_date, datepart) -%}
    {%- set first = '(' ~ first_date ~ ')::timestamp' -%}
    {%- set second = '(' ~ second_date ~ ')::timestamp' -%}
    {%- set years = "(date_part('year', " ~ second ~ ") - date_part('year', " ~ first ~ "))" -%}
    {%- set days = '((' ~ second_date ~ ')::date - (' ~ first_date ~ ')::date)' -%}
    {%- set fixed = {'hour': 3600, 'minute': 60, 'second': 1} -%}
    {%- if datepart == 'year' -%}
        {{ years }}
    {%- elif datepart in ['quarter', 'month'] -%}
        ({{ years }} * {{ 4 if datepart == 'quarter' else 12 }} + date_part('{{ datepart }}', {{ second }}) - date_part('{{ datepart }}', {{ first }}))
    {%- elif datepart == 'day' -%}
        {{ days }}
    {%- elif datepart == 'week' -%}
        ((date_trunc('week', {{ second }})::date - date_trunc('week', {{ first }})::date) / 7)
    {%- elif datepart in fixed -%}
        (extract(epoch from date_trunc('{{ datepart }}', {{ second }}) - date_trunc('{{ datepart }}', {{ first }})) / {{ fixed[datepart] }})::bigint
    {%- elif datepart in ['millisecond', 'microsecond'] -%}
        floor(extract(epoch from {{ second }} - {{ first }}) * {{ 1000 if datepart == 'millisecond' else 1000000 }})::bigint
    {%- else -%}
        {{ exceptions.raise_compiler_error("datediff does not know the date part '" ~ datepart ~ "'") }}
    {%- endif -%}
{%- endmacro %}
