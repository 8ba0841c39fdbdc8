"""The numbers below one thousand in words: what the peers' scripts look number words up in.

A text such as "One Hundred and Eighty-Seven Thousand, Two Hundred" is split at "thousand" after it was put in small
letters without `and`, hyphens and commas; both halves are then in this table. So a whole column is read by two joins
with a thousand rows, the fastest way that was found for DuckDB and polars.
"""

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


def words_below_hundred(number: int) -> str:
    if number < 20:
        return SMALL[number]
    return TENS[number // 10] + (f" {SMALL[number % 10]}" if number % 10 else "")


def words_below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [f"{SMALL[hundreds]} hundred"] if hundreds else []
    if rest or not hundreds:
        parts.append(words_below_hundred(rest))
    return " ".join(parts)


NAMES = [words_below_thousand(number) for number in range(1000)]
