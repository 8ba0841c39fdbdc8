{{ config(
    unique_key='id',
    meta={'delete_orphans': {'to': "ref('transaction')", 'field': 'product_id'}}
) }}

select
    product_id as id,
    product_name as name,
    max(load_timestamp) as load_timestamp
from {{ ref('transaction') }}
{% if is_incremental() %}
where product_id in ({{ changed_keys(ref('transaction'), 'product_id') }})
{% endif %}
group by product_id, product_name
