{# DuckDB's own date parsing, faster there than the patterns of the portable macro. #}
{% macro clean_date(column) -%}
case
    when length(trim({{ column }})) = 8 then cast(try_strptime(trim({{ column }}), '%d-%m-%y') as date)
    else coalesce(
        try_cast(trim({{ column }}) as date),
        cast(try_strptime(trim({{ column }}), ['%d-%m-%Y', '%d/%m/%Y', '%Y/%m/%d', '%Y-%m-%d %H:%M:%S']) as date))
end
{%- endmacro %}
