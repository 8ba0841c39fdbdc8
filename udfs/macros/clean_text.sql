{#
  A text column without the blanks around it, null where nothing is left.

      select {{ clean_text('customer_city') }} as customer_city
#}
{% macro clean_text(column) -%}
nullif(trim({{ column }}), '')
{%- endmacro %}
