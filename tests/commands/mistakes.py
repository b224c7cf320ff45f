#!/usr/bin/env python3
"""What the program says on its command line, and its exit codes. Speaks TAP."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

CUSTOMERS = """ID,Company,Mail,Notes,status
1,Birch & Sons,info@birch.example;sales@birch.example,x,ACTIVE
2,,nobody@oak.example,x,ACTIVE
3,Oak Ltd,not-an-email,x,ACTIVE
4,Elm Ltd,elm@elm.example,x,SLEEPING
5,Birch & Sons,info@birch.example,x,ACTIVE
6,Ash Ltd,ash@ash.example,x
7,"Unclosed,foo
"""
PEOPLE = """id,first name,last name,email,city,birth date,who
1,John,Smith,john@smith.example,Berlin,1980-02-03,a
2,Jon,Smith,john@smith.example,Berlin,1980-02-03,a
3,Alan,Turing,,London,1912-06-23,b
"""
IMPORT = ["import", "customers.csv", "--store", "sqlite:store.db", "--source", "erp", "--key-column", "ID",
          "--map", "Company=name", "--map", "Mail=emails", "--ignore-unknown"]

# What it shows; the words; the exit code; parts of the output (both streams); parts that must not be there.
CASES = [
    ("help names the commands", ["--help"], 0, ["serve", "import", "doctor"], []),
    ("help has no spaces at the ends of lines", ["serve", "--help"], 0, ["serve [OPTIONS]\n"], [" \n"]),
    ("a command that is none is a usage error", ["nonsense"], 2, ["nonsense is not a command"], []),
    ("an option that is none is a usage error", ["serve", "--nonsense"], 2, ["--nonsense is not an option"], []),
    ("a configuration that is not there says where it was named", ["serve", "--config", "none.conf"], 2,
     ["none.conf: No such file", "--config or CUSTOMER360_CONFIG"], []),
    ("a migration address that is none is named", ["migrate", "--store-migration-url", "foo"], 2,
     ["store.migration_url", "postgresql://"], []),
    ("a folder is no store", ["serve", "--dev", "--listen", "127.0.0.1:0", "--store", "sqlite:."], 2,
     ["the store . cannot be opened: Is a directory"], []),
    ("a store that is missing is named", ["digest", "--store", "sqlite:missing.db"], 1,
     ["there is no store missing.db yet"], []),
    ("a second file is not passed over", ["dedupe", "people.csv", "customers.csv"], 2,
     ["customers.csv is one operand too many"], ["cluster_id"]),
    ("a picture of no pair is a mistake", ["dedupe", "people.csv", "--svg", "w.svg"], 2, ["--explain A B"], []),
    ("a column that is no field ends an import, with the way out and without a summary",
     ["import", "customers.csv", "--store", "sqlite:store.db"], 1, ["column ID", "--ignore-unknown"], ["0 rows"]),
    ("bytes of a file do not command the terminal",
     ["import", "escape.csv", "--store", "sqlite:store.db"], 1, ["column ?[31m"], ["\x1b"]),
    ("bad rows are told and good ones go in", IMPORT + ["--errors", "refused.csv"], 3,
     ["1 created", "1 duplicates, 5 invalid"], []),
    ("the same file again changes nothing", IMPORT, 3, ["0 created, 0 updated, 1 unchanged"], []),
    ("an export restores into an empty store", ["export", "all.ndjson", "--store", "sqlite:store.db"], 0, [], []),
    ("a restored store is exported", ["import", "all.ndjson", "--store", "sqlite:other.db"], 0, ["restored"], []),
    ("a store with data takes no export", ["import", "all.ndjson", "--store", "sqlite:other.db"], 1,
     ["has data already"], []),
    ("an export does not make the store that it is to read", ["export", "--store", "sqlite:missing.db"], 2,
     ["there is no store missing.db"], ["HEADER"]),
    ("an export does not write over a file", ["export", "all.ndjson", "--store", "sqlite:store.db"], 2,
     ["all.ndjson is there already", "--force"], []),
    ("an export in a form that there is not is no file", ["export", "out.xlsx", "--store", "sqlite:store.db"], 2,
     ["out.xlsx does not say in which form", "--format csv | ndjson"], []),
    ("unless its form is said", ["export", "out.txt", "--format", "csv", "--store", "sqlite:store.db"], 0, ["1 customers"], []),
    ("a tenant that nobody has is no empty export", ["export", "nosuch.ndjson", "--tenant", "nosuch", "--store", "sqlite:store.db"], 2,
     ["no customer of tenant nosuch"], []),
    ("a mapping the wrong way round is turned for whoever gave it", ["import", "customers.csv", "--store", "sqlite:store.db", "--map", "name=Company"], 2,
     ["--map 'Company=name'"], []),
    ("the other commands have the same order", ["dedupe", "people.csv", "--map", "given-name=first name"], 2, ["--map 'first name=given-name'"], ["cluster_id"]),
    ("a column mapped twice is a mistake", ["dedupe", "people.csv", "--map", "who=place", "--map", "who=occupation"], 2, ["mapped twice"], ["cluster_id"]),
    ("there as well", ["import", "customers.csv", "--store", "sqlite:store.db", "--map", "Company=name", "--map", "Company=segment"], 2,
     ["column Company is named twice"], ["created"]),
    ("a proposal is a line to paste", ["import", "the people.csv", "--propose", "--store", "sqlite:store.db", "--source", "crm", "--separator", "comma",
     "--ignore", "who"], 0,
     ["customer360 import 'the people.csv' --store sqlite:store.db --source crm --separator comma --ignore who --key-column id "
      "--map 'first name=name' --map 'last name=name' --map email=emails --map city=addresses.city --map 'birth date=dateOfBirth'\n"], ["FILE"]),
    ("a proposal keeps secrets", ["import", "the people.csv", "--propose", "--store", "postgresql://h/db?password=hush"], 0,
     ["--store '***'"], ["hush"]),
    ("unless it is told to", ["export", "all.ndjson", "--force", "--store", "sqlite:store.db"], 0, ["1 customers"], []),
    ("an undo does not make the store that it is to change", ["import", "--undo", "last", "--store", "sqlite:missing.db"], 2,
     ["there is no store missing.db"], []),
    ("nor do dead letters", ["dead-letters", "list", "--store", "sqlite:missing.db"], 2, ["there is no store missing.db"], []),
    ("nor an import that goes on", ["import", "customers.csv", "--resume", "last", "--store", "sqlite:missing.db"], 2,
     ["there is no store missing.db"], []),
    ("a dry run makes no store", ["import", "customers.csv", "--dry-run", "--store", "sqlite:missing.db"] + IMPORT[4:], 3,
     ["There is no store missing.db yet", "would be 1 created", "row 2 would be created", "Birch & Sons", "row 3 is invalid: name", "row 6 is a duplicate"], []),
    ("an import says that it makes a store", ["import", "customers.csv", "--store", "sqlite:new.db"] + IMPORT[4:], 3,
     ["There is no store new.db yet: it is made"], []),
    ("and an import into one that is there does not", IMPORT, 3, [], ["it is made"]),
    ("an undo is shown before it is done", ["import", "--undo", "last", "--dry-run", "--store", "sqlite:new.db"], 0,
     ["would be 1 removed", "would be removed: \"Birch & Sons\""], []),
    ("as often as one likes", ["import", "--undo", "last", "--dry-run", "--json", "--store", "sqlite:new.db"], 0,
     ['"removed":1', '"samples":[{"customerId":', '"result":"REMOVED","name":"Birch & Sons"}]'], []),
    ("the last import is undone by that word", ["import", "--undo", "last", "--store", "sqlite:new.db"], 0, ["1 removed"], []),
    ("what is undone is not shown again", ["import", "--undo", "last", "--dry-run", "--store", "sqlite:new.db"], 1, ["undone"], ["removed:"]),
    ("a file that is no store is named", ["export", "--store", "sqlite:customers.csv"], 1,
     ["customers.csv is damaged, or is no store"], ["script"]),
    ("an empty file is no import", ["import", "/dev/null", "--format", "csv", "--store", "sqlite:store.db"], 1, ["the file is empty"], []),
    ("a key pair is made", ["token", "--new-key", "keys"], 0, ["keys/private.pem"], []),
    ("a key pair is not overwritten", ["token", "--new-key", "keys"], 1, ["File exists"], []),
    ("a token is three parts", ["token", "--key", "keys/private.pem", "--permissions", "*"], 0, ["eyJ", "."], []),
    ("a token that permits nothing is a mistake",
     ["token", "--key", "keys/private.pem", "--permissions", "!!!"], 2, ["--permissions"], ["eyJ"]),
    ("a token that permits what is not known is a mistake",
     ["token", "--key", "keys/private.pem", "--permissions", "customer:read custmer:write"], 2, ["--permissions", "custmer:write"], ["eyJ"]),
    ("a token says what it permits", ["token", "--key", "keys/private.pem"], 2, ["--permissions is required"], ["eyJ"]),
    ("doctor looks without a configuration", ["doctor", "--listen", "127.0.0.1:0"], 1, ["identity.jwks_file"], []),
    ("serve does not start when nobody could ask", ["serve"], 2, ["identity.gateway_peers"], []),
    ("an evaluation lists no empty clusters", ["evaluate", "people.csv", "--truth", "who"], 0,
     ["largest clusters:\n  2 rows", "  1 rows"], ["  0 rows"]),
]


def try_case(binary, folder, words, code, parts, absent):
    ran = subprocess.run([binary, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                         check=False, env={"PATH": "/usr/bin:/bin"})
    output = (ran.stdout + ran.stderr).decode("utf-8", "backslashreplace")
    if ran.returncode == code and all(p in output for p in parts) and not any(p in output for p in absent):
        return True
    print(f"# {words}: exit {ran.returncode}, expected {code}; wanted {parts}, not {absent}; got")
    print("".join(f"#   {line!r}\n" for line in output.splitlines()), end="")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="build/customer360")
    binary = str(pathlib.Path(parser.parse_args().binary).resolve())
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "customers.csv").write_text(CUSTOMERS)
        (folder / "people.csv").write_text(PEOPLE)
        (folder / "the people.csv").write_text(PEOPLE)
        (folder / "escape.csv").write_bytes(b"name,\x1b[31mred\nA,B\n")
        for number, (title, *case) in enumerate(CASES, 1):
            good = try_case(binary, folder, *case)
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {title}", flush=True)
        if (folder / "nosuch.ndjson").exists() or (folder / "out.xlsx").exists():
            sys.exit("an export made a file of nothing")
        if (folder / "missing.db").exists():
            sys.exit("an export made a store")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
