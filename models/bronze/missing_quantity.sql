{# A table, not an incremental one: a quantity that becomes known has to leave it. #}
{{ config(materialized='table') }}

select *
from {{ ref('customer_transactions') }}
where quantity is null
