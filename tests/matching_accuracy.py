#!/usr/bin/env python3
"""Accuracy of the shipped defaults on the labelled sets, each held to its bar; hostile input; and
that a memory ceiling is an error and not a crash. TAP.

    tests/matching_accuracy.py --build build --data FOLDER    (or MATCHING_BUILD, MATCHING_DATA)

Sets that are not there are skipped, one line each, and at the end it is said where to get them.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

# set, files, truth, least F1 over pairs, largest cluster allowed
SETS = [
    ("historical50k", ["records.csv"], "entity", 0.90, 30),
    ("febrl3", ["records.csv"], "entity", 0.999, None),
    ("febrl4", ["left.csv", "right.csv"], "matches.csv", 0.9998, 2),
    ("fake1000", ["records.csv"], "cluster", 0.915, None),
    ("chicago_earlychildhood", ["records.csv"], "entity", 0.93, None),
    ("orgs_hard", ["records.csv"], "matches.csv", 1.0, None),
    ("senzing_truthset", ["records.csv"], "entity", 0.85, None),
]


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, right, detail=""):
        self.count += 1
        self.failed += not right
        print(f"{'ok' if right else 'not ok'} {self.count} - {name}{'  # ' + detail if detail and not right else ''}",
              flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)


def run(program, *words):
    return subprocess.run([program, *words], capture_output=True, encoding="utf-8",
                          errors="replace", timeout=300)


def accuracy(tap, program, data):
    missing = 0
    for name, files, truth, bar, largest in SETS:
        folder = os.path.join(data, name)
        paths = [os.path.join(folder, f) for f in files]
        title = f"{name} F1 is at least {bar}"
        if not os.path.exists(paths[0]):
            tap.skip(title, f"{folder} is not there")
            missing += 1
            continue
        if truth.endswith(".csv"):
            truth = os.path.join(folder, truth)
        done = run(program, "evaluate", *paths, "--truth", truth, "--json", "--quiet")
        if done.returncode:
            tap.check(title, False, done.stderr.strip())
            continue
        result = json.loads(done.stdout)
        tap.check(title, result["pairs"]["f1"] >= bar, f"it is {result['pairs']['f1']}")
        if largest:
            tap.check(f"{name} has no cluster over {largest}", result["largestFound"] <= largest,
                      f"one has {result['largestFound']}")
    if missing:
        print(f"# NOT MEASURED: {missing} of {len(SETS)} labelled sets are not in {data}. They are public: docs/matching.md, "
              "\"Where the sets are\"; name their folder with MATCHING_DATA=FOLDER.", flush=True)


# header, rows, the field that each column is
COLUMNS = [
    ("fname_c1,lname_c1,by,bm,bd", ["Carsten,Meier,1949,7,22", "Gerd,Bauer,1968,7,27"] * 3,
     "given-name family-name birth-year birth-month birth-day"),
    ("KUNNR,NAME1,STRAS,PSTLZ,ORT01,TELF1,STCEG", ["1,Bauer GmbH,Weg 1,10115,Berlin,030 123456,DE123456789"] * 3,
     "- name street postcode city phone identifier:vat"),
    ("Vorname,Nachname,Geburtsdatum,Strasse,Hausnr,PLZ,Ort", ["Eva,Kern,1.2.1970,Am Hof,3,10115,Berlin"] * 3,
     "given-name family-name birth-date street street-number postcode city"),
    ("prenom,nom,date_naissance,adresse,code_postal,ville,courriel",
     ["Eva,Roux,1970-02-01,3 rue Haute,75001,Paris,eva@roux.example"] * 3,
     "given-name family-name birth-date street postcode city email"),
    ("nom,ville", ["Jean Roux,Paris", "Marie Petit,Lyon", "Anne Blanc,Nice"], "name city"),
    ("person_name,ref", ["Agile Systems Inc,a", "Baker Tools Ltd,b", "Corner Shop LLC,c"] * 3, "name -"),
    ("a_word,b_word", ["Robert,Smith", "Mary,Jones", "William,Okafor", "Susan,Novak"], "given-name family-name"),
    ("contact,note", ["ann@lee.example,x", "bob@ray.example,y", "cy@fox.example,z"], "email -"),
    ("FNAME,LNAME,ADDR1,ADDR2,ZIP,PHONE1,BIRTH_DT",
     ["Ann,Lee,1 High St,Flat 2,12345,555-123-4567,1970-02-01", "Bob,Ray,2 Low Rd,,23456,555-234-5678,1971-03-02"] * 3,
     "given-name family-name street - postcode phone birth-date"),
    ("Vorname,Name,Straße und Hausnummer,Postleitzahl,Ort,Geb.-Datum,Telefonnr.",
     ["Eva,Kern,Am Hof 3,10115,Berlin,1.2.1970,030 123456"] * 3,
     "given-name name street postcode city birth-date phone"),
    ("givenName,familyName,streetAddress,addressLocality,postalCode,telephone",
     ["Eva,Kern,3 High St,Leeds,LS1 4AP,0113 496 0000"] * 3, "given-name family-name street city postcode phone"),
    ("company_name,website_url,foundation_year,city", ["Agile Systems GmbH,www.agile.example,1998,Wien"] * 3,
     "organisation website birth-year city"),
    ("modified_by,name,city", ["root,Ann Lee,Leeds"] * 3, "- name city"),
]


def columns(tap, program, folder):
    for header, rows, fields in COLUMNS:
        path = os.path.join(folder, "columns.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([header, *rows]) + "\n")
        lines = run(program, "dedupe", path).stderr.splitlines()
        said = dict(line.strip().rsplit(None, 1) for line in lines
                    if line.startswith("  ") and not line.startswith("  key"))
        found = " ".join(said.get(column, "-") for column in header.split(","))
        tap.check(f"the columns of {header} are recognised", found == fields, f"as {found}")


def hostile(tap, program, folder):
    rng = random.Random(5)

    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def clusters(path, *words):
        done = run(program, "dedupe", path, "--quiet", *words)
        if done.returncode:
            return None, done
        rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
        return [row[1] for row in rows], done

    head = "id,first_name,last_name,dob,email\n"
    same = head + "".join(f"{i},Ann,Lee,1970-02-03,ann@lee.org\n" for i in range(5000))
    found, _ = clusters(write("same.csv", same))
    tap.check("rows that are all equal are one customer", found is not None and len(set(found)) == 1)

    value = "id,last_name\n" + "".join(f"{i},smith\n" for i in range(1000000))
    found, done = clusters(write("value.csv", value))
    tap.check("one value in a million rows ends in time", found is not None, done.stderr[-200:])

    long = head + "1," + "x" * 1000000 + ",Lee,1970-02-03,\n2,Ann,Lee,1970-02-03,\n"
    found, done = clusters(write("long.csv", long))
    tap.check("a field of a megabyte is a field", found is not None and len(found) == 2, done.stderr[-200:])

    noise = head.encode() + b"".join(
        bytes(rng.choice(b"abc,\"\xff\xc3\x80;|\t ") for _ in range(30)).replace(b'"', b"'") + b"\n"
        for _ in range(2000))
    found, done = clusters(write("noise.csv", noise))
    tap.check("bytes that are no UTF-8 do no harm", found is not None, done.stderr[-200:])

    done = run(program, "dedupe", write("none.csv", "a,b\n1,2\n"), "--quiet")
    tap.check("a file without a usable column is refused with a reason",
              done.returncode == 2 and "no column" in done.stderr, done.stderr)

    done = run(program, "dedupe", write("open.csv", 'id,name\n1,"open\n2,x\n'), "--quiet")
    tap.check("a quote that never closes is refused with its row",
              done.returncode == 1 and "row" in done.stderr, done.stderr)

    done = run(program, "dedupe", write("empty.csv", ""), "--quiet")
    tap.check("an empty file is refused with a reason", done.returncode == 1 and done.stderr != "")

    found, done = clusters(write("header.csv", head))
    tap.check("a header alone is no customers", found == [], done.stderr)

    people = [f"{i},{rng.choice(['Ann', 'Bob', 'Cy', 'Di'])},{rng.choice(['Lee', 'Ray', 'Fox'])}{i % 97},"
              f"{1950 + i % 50}-0{1 + i % 9}-1{i % 9},p{i % 1500}@x{i % 700}.org" for i in range(3000)]
    base, _ = clusters(write("base.csv", head + "\n".join(people) + "\n"))
    numbers = [f"{row},{rng.randrange(10**9)}" for row in people]
    extra, _ = clusters(write("random.csv", head.strip() + ",metric\n" + "\n".join(numbers) + "\n"))
    tap.check("a column of random numbers changes nothing", base is not None and base == extra)
    truths = [f"{row},e{i % 1500}" for i, row in enumerate(people)]
    extra, _ = clusters(write("truth.csv", head.strip() + ",cluster\n" + "\n".join(truths) + "\n"))
    tap.check("a truth column left in changes nothing", base is not None and base == extra)

    done = run(program, "dedupe", write("value.csv", value), "--quiet", "--memory", "20")
    tap.check("the memory ceiling is honoured with a clear message",
              done.returncode == 1 and "20 MB" in done.stderr, f"{done.returncode} {done.stderr}")


def truths(tap, program, folder):
    """Of two files whose rows have the same ids, the truth says which side it means."""
    def write(name, *lines):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    head, people = "id,first_name,last_name,dob,entity", [
        "Quentin,Featherstone,1951-02-03,a", "Zelda,Okonkwo,1962-03-04,b", "Ivo,Lindqvist,1973-04-05,c"]
    left = write("left.csv", head, *(f"{i + 1},{p}" for i, p in enumerate(people)))
    right = write("right.csv", head, *(f"{i + 1},{p}" for i, p in enumerate(people[::-1])))
    pairs = write("pairs.csv", "left,right", "1,3", "2,2", "3,1")
    for truth, name in ((pairs, "a file of pairs"), ("entity", "a column of both files")):
        done = run(program, "evaluate", left, right, "--truth", truth, "--json", "--quiet")
        f1 = json.loads(done.stdout)["pairs"]["f1"] if done.returncode == 0 else done.stderr
        tap.check(f"a perfect link is perfect by {name}", f1 == 1, f"F1 is {f1}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.environ.get("MATCHING_BUILD", "build"))
    parser.add_argument("--data", default=os.environ.get("MATCHING_DATA", "../shared/data/er"))
    arguments = parser.parse_args()
    program = os.path.join(arguments.build, "customer360")
    tap = Tap()
    accuracy(tap, program, arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        columns(tap, program, folder)
        truths(tap, program, folder)
        hostile(tap, program, folder)
    print(f"1..{tap.count}")
    sys.exit(tap.failed > 0)


main()
