{{ config(
    unique_key='id',
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['load_timestamp']},
        {'columns': ['email']},
    ],
    meta={'delete_orphans': {'to': "ref('transaction')", 'field': 'customer_id'}}
) }}

select
    customer_id as id,
    customer_first_name as first_name,
    customer_last_name as last_name,
    customer_email as email,
    customer_phone as phone,
    max(load_timestamp) as load_timestamp
from {{ ref('transaction') }}
{% if is_incremental() %}
where customer_id in ({{ changed_keys(ref('transaction'), 'customer_id') }})
{% endif %}
group by customer_id, customer_first_name, customer_last_name, customer_email, customer_phone
