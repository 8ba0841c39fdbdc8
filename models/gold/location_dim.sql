{#
  Grouped by the place, not by its key: two places that share a key ('A-B', 'C' and 'A', 'B-C') stay two rows, and the
  `unique` test on id stops the run and shows the key.
#}
{{ config(
    unique_key='id',
    meta={'delete_orphans': {'to': "ref('transaction')", 'field': 'customer_location_id'}}
) }}

select
    customer_location_id as id,
    customer_city as city,
    customer_country as country,
    max(load_timestamp) as load_timestamp
from {{ ref('transaction') }}
{% if is_incremental() %}
where customer_location_id in ({{ changed_keys(ref('transaction'), 'customer_location_id') }})
{% endif %}
group by customer_location_id, customer_city, customer_country
