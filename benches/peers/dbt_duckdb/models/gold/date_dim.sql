{{ config(materialized='table', tags=['static']) }}

with days as (

    select cast(series.day as date) as date
    from generate_series(date '2020-01-01', date '2050-12-30', interval '1 day') as series(day)

    union all

    -- The day of a transaction whose date is not known.
    select cast(null as date)

)

select
    date,
    cast(extract(day from date) as double precision) as day_of_month,
    cast(extract(month from date) as integer) as month_of_year,
    cast(extract(year from date) as integer) as year_number,
    dayname(date) as day_of_week,
    cast(extract(week from date) as integer) as week_of_year,
    cast(extract(quarter from date) as integer) as quarter_of_year
from days
