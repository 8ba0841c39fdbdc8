{#
  How far the model has read: the newest load_timestamp it holds. A table without rows has read nothing, so that
  everything is newer than its watermark.

  Usage: where load_timestamp > {{ watermark() }}
#}
{% macro watermark() -%}
    (select coalesce(max(load_timestamp), timestamp with time zone '1970-01-01 00:00:00+00') from {{ this }})
{%- endmacro %}
