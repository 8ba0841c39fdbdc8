{# After a merge: rows under a key that no transaction has any more go, as in medallion's own incremental models. #}
{% macro delete_orphans() -%}
    {%- set orphans = (config.get('meta') or {}).get('delete_orphans') -%}
    {%- if orphans and is_incremental() -%}
        delete from {{ this }}
        where {{ config.get('unique_key') }} not in (select {{ orphans.field }} from {{ ref('transaction') }} where {{ orphans.field }} is not null)
    {%- endif -%}
{%- endmacro %}
