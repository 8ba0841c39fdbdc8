{# A table, not an incremental one: a quantity that becomes known has to leave it. #}
{{ config(materialized='table', indexes=[{'columns': ['transaction_id'], 'unique': true}]) }}

select *
from {{ ref('customer_transactions') }}
where quantity is null
