"""How many number words a second the implementations on PyPI read, and whether they read them right.

    python word2number_peers.py FILE [VALUES]
    python word2number_peers.py FILE [VALUES] --dump TEXTS

The words are those of the file's columns price and tax, every one of them the first VALUES (20,000) there are. What is
right is what the lookup says that the DuckDB and polars scripts use. One thread each.

With --dump nothing is measured: the words go to TEXTS, each with a tab and what is right behind it, for `word2number_crates`, which
measures medallion and crates from crates.io on the same words.
"""

import argparse
import csv
import io
import itertools
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

from number_words import NAMES

VALUES = {name: value for value, name in enumerate(NAMES)}


def lookup(text):
    """What the DuckDB and polars scripts do, in plain Python."""
    parts = text.lower().replace("-", " ").replace(",", "").replace(" and ", " ").split(" thousand")
    low = parts[-1].strip()
    return (1000 * VALUES[parts[0]] if len(parts) == 2 else 0) + (VALUES[low] if low else 0)


def implementations():
    """Name → function from text to number; imported here, so that one that is missing is told and left out."""
    def word2number():
        from word2number import w2n
        return w2n.word_to_num

    def text2num():
        from text_to_num import text2num as read
        return lambda text: read(text, "en")

    def text2digits():
        from text2digits import text2digits
        convert = text2digits.Text2Digits().convert
        return lambda text: float(convert(text))

    def words2num():
        from words2num import w2n
        return w2n

    def words2num2():
        from words2num2 import words2num
        return words2num

    def easyword2num():
        from easyword2num import word2num
        return word2num

    def w2n2w():
        from w2n2w import word_to_num
        return word_to_num

    def word2num():
        from word2num import word2num
        return word2num

    for make in (word2number, text2num, text2digits, words2num, words2num2, easyword2num, w2n2w, word2num):
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                read = make()
        except Exception as error:  # a package that does not even import is a result, too
            print(f"{make.__name__}: {error!r}", file=sys.stderr)
        else:
            yield make.__name__, read


def words_of(path, count):
    def is_words(text):
        return text[:1].isalpha()

    with open(path, newline="", encoding="utf-8") as file:
        both = ((record["price"], record["tax"]) for record in csv.DictReader(file))
        return list(itertools.islice(filter(is_words, itertools.chain.from_iterable(both)), count))


def one_result(read, text):
    try:
        return float(read(text))
    except Exception:  # each package raises its own
        return None


def measure(read, texts, limit=5.0):
    """Values a second, and the share that is right, over the texts that were reached within the limit."""
    right, start = 0, time.perf_counter()
    for done, text in enumerate(texts, 1):
        right += one_result(read, text) == lookup(text)
        if done % 100 == 0 and time.perf_counter() - start > limit:
            break
    checked = right / done
    # Once more without the check.
    start = time.perf_counter()
    for text in texts[:done]:
        one_result(read, text)
    return done / (time.perf_counter() - start), checked


def dump(texts, path):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{text}\t{lookup(text)}\n" for text in texts)


def main(path, count, dump_to):
    texts = words_of(path, count)
    if dump_to:
        return dump(texts, dump_to)
    found = {name: measure(read, texts) for name, read in [*implementations(), ("lookup in a dict", lookup)]}
    print(f"{len(texts):,} texts, {sum(map(len, texts)) / len(texts):.0f} characters each on average.\n")
    print("| implementation | values/s | right |\n|---|--:|--:|")
    for name, (rate, right) in sorted(found.items(), key=lambda item: -item[1][0]):
        print(f"| {name} | {rate:,.0f} | {right:.0%} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("values", type=int, nargs="?", default=20_000)
    parser.add_argument("--dump", metavar="TEXTS", help="write the words and what is right to this file, and measure nothing")
    arguments = parser.parse_args()
    main(arguments.file, arguments.values, arguments.dump)
