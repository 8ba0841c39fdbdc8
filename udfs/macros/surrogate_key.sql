{#
  The key of a row as text: the md5, in lower-case hexadecimal, of its parts cast to text and joined by `-`; a part that
  is null counts as `_dbt_utils_surrogate_key_null_`. It is the key that dbt_utils.generate_surrogate_key gives.

      select {{ generate_surrogate_key(['customer_first_name', 'customer_last_name']) }} as customer_id

  Since the parts are only joined, 'A-B' and 'C' have the key that 'A' and 'B-C' have.
#}
{% macro generate_surrogate_key(columns) -%}
md5(
    {%- for column in columns -%}
        coalesce(cast({{ column }} as text), '_dbt_utils_surrogate_key_null_')
        {%- if not loop.last %} || '-' || {% endif -%}
    {%- endfor -%}
)
{%- endmacro %}
