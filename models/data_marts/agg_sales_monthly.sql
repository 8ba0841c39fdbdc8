select
    days.year_number as year,
    days.month_of_year as month,
    days.quarter_of_year as quarter,
    round(cast(sum(sales.quantity * sales.price) as numeric), 2) as monthly_revenue
from {{ ref('transaction_fct') }} as sales
inner join {{ ref('date_dim') }} as days on days.date = sales.transaction_date
group by days.year_number, days.month_of_year, days.quarter_of_year
