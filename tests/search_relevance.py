#!/usr/bin/env python3
"""How often a search finds the customer that was meant: recall in the first hit and in the first ten. TAP.

    tests/search_relevance.py [--build build] [--data FOLDER] [--store sqlite|postgres] [--queries 300]
                              (or MATCHING_BUILD, MATCHING_DATA, as for tests/matching_accuracy.py)

The names of the labelled sets become customers; queries are made from them: the name as it is, with one typo, cut
while it is typed, its words in another order, in capitals without punctuation; and phone numbers and e-mail addresses, which are
made, in other forms than they were given in. A query is answered when
a customer of that name, or one that the set says is the same, is among the hits. A set that is not there is skipped with a line that says so.
The same base and query give the same hits, so a figure only changes with the code. A bar holds for a kind of query on all sets
together: of a few dozen queries it would be one query more or less.
"""
import argparse
import csv
import json
import os
import random
import re
import sys
import urllib.parse
import urllib.request
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from servers.stores import Stores, key_flags, serve  # noqa: E402

# set, file, how a row names its customer
SETS = (("febrl3", "records.csv", lambda row: f"{row['given_name']} {row['surname']}", "PERSON"),
        ("historical50k", "records.csv", lambda row: row["first_and_surname"], "PERSON"),
        ("orgs_hard", "records.csv", lambda row: row["org_name"], "ORGANIZATION"),
        ("chicago_earlychildhood", "records.csv", lambda row: row["Site name"], "ORGANIZATION"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS_MAX = 12  # of a query


def mistyped(chance, name):
    """One letter of one word of four letters or more, of several words, replaced, left out, put in, or swapped with the next."""
    words = name.split()
    if len(words) < 2:  # a lone word with a typo may be any of several
        return None
    places = [i for i, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not places:
        return None
    i = chance.choice(places)
    word, at, letter = words[i], chance.randrange(len(words[i]) - 1), chance.choice(LETTERS)
    words[i] = chance.choice((word[:at] + letter + word[at + 1:], word[:at] + word[at + 1:], word[:at] + letter + word[at:],
                              word[:at] + word[at + 1] + word[at] + word[at + 2:]))
    return None if len(words[i]) < 4 else " ".join(words)


def shuffled(chance, name):
    words = name.split()
    chance.shuffle(words)
    return " ".join(words)


def in_capitals(_, name):
    """The points of an abbreviation go, others part words: A.C.M.E. and D.BRUCE become ACME and D BRUCE."""
    return re.sub(r"\.(?=\w\w)", " ", name.upper()).replace(".", "").replace(",", " ")


# kind of query, how it is made, least recall in the first hit and in the first ten
KINDS = (("as it is", lambda chance, name: name, 0.99, 0.995),
         ("one typo", mistyped, 0.98, 0.99),
         ("as it is typed", lambda chance, name: name[:-2] if len(name.split()[-1]) > 4 else name, 0.96, 0.99),
         ("in another order", shuffled, 0.99, 0.995),
         ("in capitals", in_capitals, 0.99, 0.995))


def phone_of(number):
    return f"+4930{2000000 + number * 7919 % 7999993}"


def mail_of(number):
    return f"p.{number * 7919 % 7999993}@firma-{number % 97}.example"


# the same for what customers are reached by, however it is written; by the number of the customer
POINTS = (("a phone number, national", lambda number: "0" + phone_of(number)[3:], 0.995, 0.995),
          ("a phone number, in groups", lambda number: f"0049 (0)30 / {phone_of(number)[5:8]}-{phone_of(number)[8:]}", 0.995, 0.995),
          ("the end of a phone number", lambda number: phone_of(number)[-7:], 0.98, 0.995),
          ("an e-mail address", mail_of, 0.995, 0.995),
          ("an e-mail address, in capitals", lambda number: mail_of(number).upper(), 0.995, 0.995))


def same_rows(folder, count):
    """Who each row is, by the pairs of matches.csv."""
    who = list(range(count))
    with open(os.path.join(folder, "matches.csv"), encoding="utf-8", newline="") as pairs:
        for pair in csv.DictReader(pairs):
            a, b = who[int(pair["row_a"])], who[int(pair["row_b"])]
            who = [a if at == b else at for at in who]
    return who


def names_of(path, name_of):
    """{name: who has it}."""
    names = {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    who = [row["entity"] for row in rows] if "entity" in rows[0] else same_rows(os.path.dirname(path), len(rows))
    for row, entity in zip(rows, who):
        name = " ".join(name_of(row).split())
        if 4 < len(name) < 120 and len(re.findall(r"\w+", name)) <= WORDS_MAX:
            names.setdefault(name, set()).add(entity)
    return names


def fold(name):
    return " ".join(sorted("".join(c if c.isalnum() else " " for c in name.lower()).split()))


def ask(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/crm/customers?limit=10&{urllib.parse.urlencode({'q': query})}"
    with urllib.request.urlopen(url) as answer:
        return [fold(item["name"]) for item in json.load(answer)["items"]]


def measure(binary, store, names, kind, count):
    """{query kind: (asked, in the first, in the first ten)}"""
    stores = Stores(store, binary)
    figures = {}
    try:
        url = stores.new()
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8", delete=False) as out:
            for number, name in enumerate(names):
                out.write(json.dumps({"customerId": f"C-{number}", "name": name, "kind": kind, "phones": [phone_of(number)],
                                      "emails": [mail_of(number)]}) + "\n")
        subprocess.run([binary, "import", out.name, "--store", url, "--on-duplicate", "allow", "--json", *key_flags(url)],
                       check=True, stdout=subprocess.DEVNULL)
        os.remove(out.name)
        service = serve(binary, url, [])
        chance = random.Random(4711)
        asked, who = chance.sample(sorted(names), min(count, len(names))), {}
        for name, people in names.items():
            who.setdefault(fold(name), set()).update(people)
        for title, make, _, _ in KINDS:
            queries = [(make(chance, name), fold(name)) for name in asked]
            queries = [(query, name) for query, name in queries if query]
            right = [[bool(who[found] & who[name]) for found in ask(service.port, query)] for query, name in queries]
            figures[title] = (len(right), sum(any(found[:1]) for found in right), sum(any(found) for found in right))
        numbers = {name: number for number, name in enumerate(names)}
        for title, make, _, _ in POINTS:
            right = [[found == fold(name) for found in ask(service.port, make(numbers[name]))] for name in asked[:100]]
            figures[title] = (len(right), sum(any(found[:1]) for found in right), sum(any(found) for found in right))
        service.stop()
    finally:
        stores.close()
    return figures


def shown(found):
    asked, first, ten = found
    return f"{first / max(1, asked):.3f} in the first hit, {ten / max(1, asked):.3f} in the first ten, of {asked}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.environ.get("MATCHING_BUILD", "build"))
    parser.add_argument("--data", default=os.environ.get("MATCHING_DATA", "../shared/data/er"))
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    number, failed, total = 0, 0, {kind[0]: (0, 0, 0) for kind in KINDS + POINTS}
    for title, file, name_of, kind in SETS:
        path = os.path.join(options.data, title, file)
        if not os.path.exists(path):
            number += 1
            print(f"ok {number} - {title} # SKIP {path} is not there: the relevance of searches was NOT measured", flush=True)
            continue
        figures = measure(os.path.join(options.build, "customer360"), options.store, names_of(path, name_of), kind, options.queries)
        for name, found in figures.items():
            print(f"# {title}, {name}: {shown(found)}", flush=True)
            total[name] = tuple(a + b for a, b in zip(total[name], found))
    for name, _, first, ten in KINDS + POINTS:
        asked, at_first, at_ten = total[name]
        if not asked:
            continue
        right = at_first >= first * asked and at_ten >= ten * asked
        number, failed = number + 1, failed + (not right)
        print(f"{'ok' if right else 'not ok'} {number} - {name}: {shown(total[name])}, at least {first} and {ten}", flush=True)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
