{#
  A text column as float8, null where the text is no number. Taken, blanks around them aside, are decimal digits with an
  optional sign, `$`, thousands separators in groups of three and an exponent of up to two digits:
      12.5, -3, $5, -$1,000.50, 1e3

      select {{ clean_number('price') }} as price

  Plain SQL, with the same meaning in DataFusion and PostgreSQL; number words are read when a source is loaded.
#}
{% macro clean_number(column) -%}
{%- set text = 'trim(' ~ column ~ ')' -%}
case
    when {{ text }} ~ '^[-+]?[$]?([0-9]{1,18}([.][0-9]{0,18})?|[.][0-9]{1,18})([eE][-+]?[0-9]{1,2})?$'
        or {{ text }} ~ '^[-+]?[$]?[1-9][0-9]{0,2}(,[0-9]{3}){1,5}([.][0-9]{0,18})?$'
        then cast(replace(replace({{ text }}, '$', ''), ',', '') as double precision)
end
{%- endmacro %}
