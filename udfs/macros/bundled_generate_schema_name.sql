{#
  The schema of a model: its layer in production (`silver`), a layer of one's own anywhere else (`ada_silver`).
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.name == 'pro' -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ target.user or env_var('USER', 'dev') }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
