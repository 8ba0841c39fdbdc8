{#
  One row for each row of the source, under the source's own key: a correction replaces the row it corrects even where it
  changes transaction_id, which is made of the customer, the product and the date.
#}
{{ config(
    unique_key='source_transaction_id',
    indexes=[
        {'columns': ['source_transaction_id'], 'unique': true},
        {'columns': ['load_timestamp']},
        {'columns': ['transaction_id']},
        {'columns': ['customer_id']},
        {'columns': ['customer_email']},
        {'columns': ['customer_phone']},
    ]
) }}

with source as (

    select
        transaction_id as source_transaction_id,
        {{ clean_date('transaction_date') }} as transaction_date,
        {{ clean_text('product_name') }} as product_name,
        {{ clean_text('customer_first_name') }} as customer_first_name,
        {{ clean_text('customer_last_name') }} as customer_last_name,
        {{ clean_text('customer_email') }} as customer_email,
        {{ clean_text('customer_phone') }} as customer_phone,
        {{ clean_text('customer_country') }} as customer_country,
        {{ clean_text('customer_city') }} as customer_city,
        cast(quantity as integer) as quantity,
        price_value as price,
        tax_value as tax,
        cast(load_timestamp as timestamp with time zone) as load_timestamp
    from {{ ref('customer_transactions') }}

)

select
    {{ generate_surrogate_key([
        'customer_first_name', 'customer_last_name', 'customer_email', 'customer_phone', 'product_name', 'transaction_date'
    ]) }} as transaction_id,
    {{ generate_surrogate_key([
        'customer_first_name', 'customer_last_name', 'customer_email', 'customer_phone'
    ]) }} as customer_id,
    {{ generate_surrogate_key(['product_name']) }} as product_id,
    transaction_date,
    product_name,
    customer_first_name,
    customer_last_name,
    customer_email,
    customer_phone,
    {{ generate_surrogate_key(['customer_city', 'customer_country']) }} as customer_location_id,
    customer_country,
    customer_city,
    quantity,
    price,
    tax,
    load_timestamp,
    source_transaction_id
from source
{% if is_incremental() %}
where load_timestamp > {{ watermark() }}
{% endif %}
