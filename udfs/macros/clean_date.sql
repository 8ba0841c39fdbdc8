{#
  A text column as a date, null where the text is none. Taken, blanks around them aside, are
      YYYY-MM-DD, YYYY/MM/DD, DD-MM-YYYY, DD/MM/YYYY, DD-MM-YY (the year nearest to 2020: 00 to 69 are 2000 to 2069,
      70 to 99 are 1970 to 1999) and YYYY-MM-DD HH:MM:SS.
  Anything else, a day that does not exist (2023-02-30, 31-04-2023, 07/25/2023) too, is null. Nothing raises an error.

      select {{ clean_date('transaction_date') }} as transaction_date

  Plain SQL, with the same meaning in DataFusion and PostgreSQL. The patterns see to it that every number is in its range,
  months 1 to 12 and days 1 to 31, before it is cast; what is left to compute is the length of the month.
#}
{% macro clean_date(column) -%}
{%- set text = 'trim(' ~ column ~ ')' -%}
{%- set month = '(0[1-9]|1[0-2])' -%}
{%- set day = '(0[1-9]|[12][0-9]|3[01])' -%}
{%- set year = '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])' -%}
{%- set time = '( ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?' -%}
case
    when {{ text }} ~ '^{{ year }}(-{{ month }}-{{ day }}{{ time }}|/{{ month }}/{{ day }})$'
        then {{ clean_date_existing_day(clean_date_digits(text, 1, 4), clean_date_digits(text, 6, 2), clean_date_digits(text, 9, 2)) }}
    when {{ text }} ~ '^({{ day }}-{{ month }}-|{{ day }}/{{ month }}/){{ year }}$'
        then {{ clean_date_existing_day(clean_date_digits(text, 7, 4), clean_date_digits(text, 4, 2), clean_date_digits(text, 1, 2)) }}
    when {{ text }} ~ '^{{ day }}-{{ month }}-[0-6][0-9]$'
        then {{ clean_date_existing_day('(2000 + ' ~ clean_date_digits(text, 7, 2) ~ ')', clean_date_digits(text, 4, 2), clean_date_digits(text, 1, 2)) }}
    when {{ text }} ~ '^{{ day }}-{{ month }}-[7-9][0-9]$'
        then {{ clean_date_existing_day('(1900 + ' ~ clean_date_digits(text, 7, 2) ~ ')', clean_date_digits(text, 4, 2), clean_date_digits(text, 1, 2)) }}
end
{%- endmacro %}

{# The integer that `length` digits of a text, from position `start`, are. #}
{% macro clean_date_digits(text, start, length) -%}
cast(substr({{ text }}, {{ start }}, {{ length }}) as integer)
{%- endmacro %}

{# The date of a year, a month from 1 to 12 and a day; null when the month has no such day. #}
{% macro clean_date_existing_day(year, month, day) -%}
case
            when {{ day }} <= case
                    when {{ month }} in (4, 6, 9, 11) then 30
                    when {{ month }} <> 2 then 31
                    when {{ year }} % 400 = 0 then 29
                    when {{ year }} % 100 = 0 then 28
                    when {{ year }} % 4 = 0 then 29
                    else 28
                end
                then make_date({{ year }}, {{ month }}, {{ day }})
        end
{%- endmacro %}
