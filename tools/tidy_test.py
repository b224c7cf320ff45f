#!/usr/bin/env python3
"""Shows that each rule of tidy.py fires where it should, and only there. Speaks TAP."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent
ROOT = TOOLS.parent
FLAGS = ["-std=gnu11", "-Isrc", "-Itests/support"]

CLEAN = {
    "src/base/text.h": "#ifndef BASE_TEXT_H\n#define BASE_TEXT_H\n\n"
                       "struct piece {\n    int length;\n};\n\n"
                       "int text_length(struct piece piece);\nint piece_double(struct piece piece);\n"
                       "\n#endif\n",
    "src/base/text.c": '#include "base/text.h"\n\n'
                       "int text_length(struct piece piece)\n{\n    return piece.length;\n}\n\n"
                       "int piece_double(struct piece piece)\n{\n    return piece.length * 2;\n}\n",
    "src/service/main.c": '#include "base/text.h"\n\n'
                          "int main(void)\n{\n"
                          "    return text_length((struct piece){.length = 0});\n}\n",
    "src/base/text_test.c": '#include "base/text.h"\n\n'
                            "int main(void)\n{\n"
                            "    return piece_double((struct piece){.length = 0});\n}\n",
}

# What is added to the clean tree -> the violations that must come, and no others.
CASES = {
    "a clean tree has no violations": ({}, []),
    "a lower floor may not include a higher one": (
        {"src/base/low.c": '#include "service/high.h"\n', "src/service/high.h": ""},
        ["src/base/low.c:1: include: base may not know service/high.h"]),
    "engines and domain do not know each other": (
        {"src/engines/sql/a.c": '#include "domain/b.h"\n', "src/domain/b.h": "",
         "src/domain/c.c": '#include "engines/sql/d.h"\n', "src/engines/sql/d.h": ""},
        ["src/domain/c.c:1: include: domain may not know engines/sql/d.h",
         "src/engines/sql/a.c:1: include: engines may not know domain/b.h"]),
    "an include is written from src/": (
        {"src/base/near.c": '#include "text.h"\n'},
        ['src/base/near.c:1: include: write "base/text.h"']),
    "test support is for tests": (
        {"src/base/a.c": '#include "unit.h"\n', "src/base/a_test.c": '#include "unit.h"\n',
         "tests/support/unit.h": ""},
        ["src/base/a.c:1: include: unit.h is for tests only"]),
    "a folder without a floor is refused": (
        {"src/misc/a.h": ""},
        ["src/misc/a.h:1: include: is on no floor: base, text, formats, engines, domain, search, "
         "matching, application, adapters, service"]),
    "a banned call is found, but not in comments, strings or longer names": (
        {"bench/a.c": "/* atoi() */\nconst char *a = \"system()\";\nint my_system(void);\n"
                      "int b(void)\n{\n    return atoi(a);\n}\n"},
        ["bench/a.c:6: banned: atoi() is banned, see base/banned.h"]),
    "an exported symbol needs its file's prefix": (
        {"src/base/word_list.c": "int word_list_new(void);\nint word_list_new(void)\n{\n"
                                 "    return 1;\n}\n"
                                 "int helper(void);\nint helper(void)\n{\n    return 1;\n}\n"},
        ["src/base/word_list.c:1: symbol: helper should begin with word_list_"]),
    "the name of the folder is a prefix too": (
        {"src/adapters/stores/row.c": "int store_row;\n"}, []),
    "a file is no longer than it may be": (
        {"src/base/long.h": "\n" * 801, "src/base/word_table.h": "\n" * 801},
        ["src/base/long.h:801: file-length: 801 lines, 800 are allowed"]),
    "a function is no longer than it may be": (
        {"src/base/big.c": "static int a;\nint big_one(void);\nint big_one(void)\n{\n"
                           + "    a++;\n" * 81 + "}\n"},
        ["src/base/big.c:4: function-length: 81 lines, 80 are allowed"]),
    "a file is formatted": (
        {"src/base/odd.h": "int  odd;\n"},
        ["src/base/odd.h:1: format: not as clang-format has it: make format"]),
    "a header that nothing includes is dead": (
        {"src/base/dead.h": ""}, ["src/base/dead.h:1: dead: nothing uses it"], "--strict"),
    "an object that nothing links is dead": (
        {"src/base/dead.c": "int dead_one;\n"}, ["src/base/dead.c:1: dead: nothing uses it"],
        "--strict"),
    "what only its own file uses is static, unless assembler calls it": (
        {"src/base/text.c": CLEAN["src/base/text.c"] + "\nint text_own(void);\nint text_own(void)\n{\n    return 1;\n}\n"
                            "\nint text_low(void);\nint text_low(void)\n{\n    return 1;\n}\n__asm__(\".globl text_low\");\n"},
        ["src/base/text.c:1: unshared: nothing else uses text_own: make it static"], "--strict"),
    "what only tests use is dead": (
        {"src/base/idle.c": "int idle_one;\n",
         "src/base/idle_test.c": "extern int idle_one;\n\n"
                                 "int main(void)\n{\n    return idle_one;\n}\n"},
        ["src/base/idle.c:1: dead: only tests use it"], "--strict"),
    "clang-tidy is asked": (
        {"src/base/null.c": "int null_read(void);\nint null_read(void)\n{\n"
                            "    int *nowhere = 0;\n    return *nowhere;\n}\n"},
        ["src/base/null.c:5: lint: "]),
}


def write_tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(ROOT / name, root / name)


def compile_tree(root):
    for source in (root / "src").rglob("*.c"):
        obj = root / "build/objects" / source.relative_to(root).with_suffix(".o")
        obj.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", *FLAGS, "-w", "-c", source, "-o", obj], cwd=root, check=True)


def violations(root, *options):
    run = subprocess.run([sys.executable, TOOLS / "tidy.py", "--root", root, "--jobs", "1",
                          *options, "--", *FLAGS], capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines()
    if (run.returncode != 0) != bool(lines):
        lines.append(f"exit status {run.returncode}: {run.stderr}")
    return lines


def matches(found, expected):
    """Unformatted snippets may be blamed for their format as well, where that is not the point."""
    if not any(": format:" in line for line in expected):
        found = [line for line in found if ": format:" not in line]
    return len(found) == len(expected) and all(
        line.startswith(start) for line, start in zip(found, expected))


def try_case(case):
    files, expected, *options = case
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_tree(root, {**CLEAN, **files})
        compile_tree(root)
        first = violations(root, *options)
        again = violations(root, *options)
    if matches(first, expected) and first == again:
        return True
    print(f"# expected {expected}\n# got      {first}\n# then     {again}")
    return False


def main():
    os.environ["LC_ALL"] = "C"
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, case) in enumerate(CASES.items(), 1):
        good = try_case(case)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
