{#
  The keys of `relation` whose row in this model, a row each key, is missing or out of date. A model that groups its
  input and keeps the newest load_timestamp of each group has to build exactly these groups again.

  A watermark would not do: a correction can take the newest row out of a group, and nothing newer is left behind there.

  Usage: where product_id in ({{ changed_keys(ref('transaction'), 'product_id') }})
#}
{% macro changed_keys(relation, column, unique_key='id') -%}
    select newest.key
    from (
        select {{ column }} as key, max(load_timestamp) as load_timestamp
        from {{ relation }}
        group by {{ column }}
    ) as newest
    left join {{ this }} as built on built.{{ unique_key }} = newest.key
    where built.load_timestamp is distinct from newest.load_timestamp
{%- endmacro %}
