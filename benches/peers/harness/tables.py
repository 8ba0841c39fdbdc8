"""The tables that every tool has to end with, and the columns by which they are compared."""

SOURCE = {
    "transaction_id": "text", "transaction_date": "text", "product_id": "text", "product_name": "text", "price": "text",
    "tax": "text", "customer_first_name": "text", "customer_last_name": "text", "customer_email": "text",
    "customer_phone": "text", "customer_country": "text", "customer_city": "text", "customer_id": "float",
    "quantity": "float", "price_value": "float", "tax_value": "float",
}

# Table → column → type. `money` is a sum of doubles, which depends on their order in its last digits.
COLUMNS = {
    "source": SOURCE,
    "missing_quantity": SOURCE,
    "transaction": {
        "transaction_id": "text", "customer_id": "text", "product_id": "text", "transaction_date": "date",
        "product_name": "text", "customer_first_name": "text", "customer_last_name": "text", "customer_email": "text",
        "customer_phone": "text", "customer_location_id": "text", "customer_country": "text", "customer_city": "text",
        "quantity": "int", "price": "float", "tax": "float", "source_transaction_id": "text",
    },
    "transaction_fct": {
        "transaction_id": "text", "customer_id": "text", "product_id": "text", "customer_location_id": "text",
        "transaction_date": "date", "quantity": "int", "price": "float", "tax": "float",
    },
    "customer_dim": {"id": "text", "first_name": "text", "last_name": "text", "email": "text", "phone": "text"},
    "product_dim": {"id": "text", "name": "text"},
    "location_dim": {"id": "text", "city": "text", "country": "text"},
    "date_dim": {
        "date": "date", "day_of_month": "float", "month_of_year": "int", "year_number": "int", "day_of_week": "text",
        "week_of_year": "int", "quarter_of_year": "int",
    },
    "agg_sales_monthly": {"year": "int", "month": "int", "quarter": "int", "monthly_revenue": "money"},
    "agg_sales_customer": {"customer_id": "text", "revenue": "money"},
    "agg_sales_country": {"country": "text", "monthly_revenue": "money"},
}

# Table → the column whose distinct values are counted.
KEYS = {
    "source": "transaction_id", "missing_quantity": "transaction_id", "transaction": "source_transaction_id",
    "transaction_fct": "transaction_id", "customer_dim": "id", "product_dim": "id", "location_dim": "id",
    "date_dim": "date", "agg_sales_monthly": "year * 100 + month", "agg_sales_customer": "customer_id",
    "agg_sales_country": "country",
}

# Where medallion, dbt-duckdb and dbt-postgres keep them, in the target `pro`.
SCHEMAS = {
    "source": ("forex", "customer_transactions"),
    "missing_quantity": ("bronze", "missing_quantity"),
    "transaction": ("silver", "transaction"),
    "transaction_fct": ("gold", "transaction_fct"),
    "customer_dim": ("gold", "customer_dim"),
    "product_dim": ("gold", "product_dim"),
    "location_dim": ("gold", "location_dim"),
    "date_dim": ("gold", "date_dim"),
    "agg_sales_monthly": ("data_marts", "agg_sales_monthly"),
    "agg_sales_customer": ("data_marts", "agg_sales_customer"),
    "agg_sales_country": ("data_marts", "agg_sales_country"),
}

# The last three are views: the hand-written scripts, which write tables only, do not have them.
VIEWS = ("agg_sales_monthly", "agg_sales_customer", "agg_sales_country")
HAS_LOAD_TIMESTAMP = ("source", "missing_quantity", "transaction", "transaction_fct", "customer_dim", "product_dim", "location_dim")
