{{ config(
    unique_key='transaction_id',
    indexes=[
        {'columns': ['transaction_id'], 'unique': true},
        {'columns': ['load_timestamp']},
        {'columns': ['customer_id']},
    ],
    meta={'delete_orphans': {'to': "ref('transaction')", 'field': 'transaction_id'}}
) }}

select
    transaction_id,
    customer_id,
    product_id,
    customer_location_id,
    transaction_date,
    quantity,
    price,
    tax,
    load_timestamp
from {{ ref('transaction') }}
{% if is_incremental() %}
where load_timestamp > {{ watermark() }}
{% endif %}
