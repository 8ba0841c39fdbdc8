select
    places.country,
    round(cast(sum(sales.quantity * sales.price) as numeric), 2) as monthly_revenue
from {{ ref('transaction_fct') }} as sales
inner join {{ ref('location_dim') }} as places on places.id = sales.customer_location_id
group by places.country
