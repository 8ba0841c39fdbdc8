{#
  The keys of `relation` whose rows may differ from those that this model was last built from: of the rows that changed,
  or all of them. A model that groups its input has to build exactly these groups again.

  A watermark would not do: a correction can take the newest row out of a group, and nothing newer is left behind there.

  dbt has no `changed_rows`. There each group's newest load_timestamp is compared with that of its row in this model.

  Usage: where product_id in ({{ changed_keys(ref('transaction'), 'product_id') }})
#}
{% macro changed_keys(relation, column, unique_key='id') -%}
    {%- if changed_rows is defined -%}
    select distinct {{ column }} from {{ changed_rows(relation) }}
    {%- else -%}
    select newest.key
    from (
        select {{ column }} as key, max(load_timestamp) as load_timestamp
        from {{ relation }}
        group by {{ column }}
    ) as newest
    left join {{ this }} as built on built.{{ unique_key }} = newest.key
    where built.load_timestamp is distinct from newest.load_timestamp
    {%- endif -%}
{%- endmacro %}
