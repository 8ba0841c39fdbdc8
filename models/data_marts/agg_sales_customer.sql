select
    customer_id,
    round(cast(sum(quantity * price) as numeric), 2) as revenue
from {{ ref('transaction_fct') }}
group by customer_id
