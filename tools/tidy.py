#!/usr/bin/env python3
"""Holds the lines of docs/architecture.md that a compiler does not: one line per violation,

    file:line: rule: what

and exit status 1 when there is any. Rules:

    include        a file includes only lower floors (see FLOORS), by a path from src/
    banned         no call that base/banned.h bans, in any folder
    symbol         what foo_bar.c exports begins with foo_bar, foo, the name of its folder or that
                   of a type which foo_bar.h defines
    dead           (with --strict) every header is included and every object linked by something
                   else than tests
    unshared       (with --strict) a function that only its own file uses is static
    file-length    at most 800 lines; tables of data (foo_table.c, foo_data.c) are exempt
    function-length  at most 80 lines
    format         as clang-format would have it
    lint           what clang-tidy finds, see .clang-tidy

Results of the two slow rules are kept by content in BUILD/tidy, so only what changed is run again.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys

# What each folder of src/ may include; "formats/csv.h" names a single header.
FLOORS = {
    "base": {"base"},
    "text": {"base", "text"},
    "formats": {"base", "formats"},
    "engines": {"base", "engines"},
    "domain": {"base", "formats", "domain"},
    "search": {"base", "text", "formats", "search"},
    "matching": {"base", "text", "matching"},
    "application": {"base", "formats", "search", "domain", "application"},
    "adapters": {"base", "formats", "engines", "search", "domain", "matching", "application",
                 "adapters"},
    "service": {"base", "formats", "engines", "search", "domain", "matching", "application",
                "adapters", "service"},
}

# For other programs: nothing here needs it but its tests.
OUTWARD = {"src/matching/matching.c"}

BANNED = set("""strcpy strcat sprintf vsprintf gets strtok scanf fscanf sscanf vscanf vfscanf
    vsscanf atoi atol atoll system popen alloca""".split())

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 80
# The states that the path-sensitive analysis follows in a function: a fifth of its default, at which
# it takes a third of the time.
ANALYZER = [f"--extra-arg={word}" for word in
            ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000")]
DATA_FILE = re.compile(r"_(table|tables|data)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT_OR_LITERAL = re.compile(
    r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)
TYPE = re.compile(r"^(?:struct|enum|union) (\w+) \{", re.M)
CALL = re.compile(r"\b(\w+)\s*\(")


class Tree:
    """The C files of the tree, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for folder in ("src", "tests", "bench", "tools"):
            for path in sorted((self.root / folder).rglob("*.[ch]")):
                self.texts[path.relative_to(self.root).as_posix()] = path.read_text(
                    encoding="utf-8", errors="replace")

    def code(self, path):
        """The text with comments and literals blanked; lines stay where they are."""
        def blank(match):
            return re.sub(r"[^\n]", " ", match.group())
        return COMMENT_OR_LITERAL.sub(blank, self.texts[path])

    def includes(self, path):
        """(line, header, is_quoted) of each include."""
        text = self.texts[path]
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield line, match.group(2), match.group(1) == '"'

    def resolve(self, path, header):
        """The file of the tree that an include means, or None."""
        for base in ("src", "tests/support", os.path.dirname(path)):
            candidate = os.path.normpath(os.path.join(base, header))
            if candidate in self.texts:
                return candidate
        return None


def floor_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def check_includes(tree):
    for path in tree.texts:
        floor = floor_of(path)
        if path.startswith("src/") and floor not in FLOORS:
            yield path, 1, "include", "is on no floor: " + ", ".join(FLOORS)
            continue
        if floor is None:
            continue
        for line, header, quoted in tree.includes(path):
            target = tree.resolve(path, header)
            if target is None:
                continue
            if target.startswith("tests/"):
                if not path.endswith("_test.c"):
                    yield path, line, "include", f"{header} is for tests only"
                continue
            if not quoted or target != "src/" + header:
                yield path, line, "include", f'write "{target.removeprefix("src/")}"'
            if floor_of(target) not in FLOORS[floor]:
                yield path, line, "include", f"{floor} may not know {header}"


def check_banned(tree):
    for path in tree.texts:
        if path == "src/base/banned.h":
            continue
        code = tree.code(path)
        for match in CALL.finditer(code):
            if match.group(1) in BANNED:
                line = code.count("\n", 0, match.start()) + 1
                yield path, line, "banned", f"{match.group(1)}() is banned, see base/banned.h"


def check_lengths(tree):
    for path, text in tree.texts.items():
        lines = text.count("\n")
        if lines > FILE_LINES_MAX and not DATA_FILE.search(path.rsplit(".", 1)[0]):
            yield path, lines, "file-length", f"{lines} lines, {FILE_LINES_MAX} are allowed"
        begin = None
        for number, line in enumerate(text.split("\n"), 1):
            if line == "{":
                begin = number
            elif line == "}" and begin is not None:
                length = number - begin - 1
                if length > FUNCTION_LINES_MAX:
                    yield (path, begin, "function-length",
                           f"{length} lines, {FUNCTION_LINES_MAX} are allowed")
                begin = None


class Symbols:
    """What the objects of the build define and want, by nm."""

    def __init__(self, tree, objects):
        self.defined, self.wanted = {}, {}
        for path in tree.texts:
            obj = os.path.join(objects, path[:-2] + ".o")
            if path.endswith(".c") and os.path.exists(obj):
                self.read(path, obj)

    def read(self, path, obj):
        run = subprocess.run(["nm", "-g", obj], capture_output=True, text=True, check=True)
        self.defined[path], self.wanted[path] = set(), set()
        for line in run.stdout.splitlines():
            kind, name = line.split()[-2:]
            (self.wanted if kind in "Uw" else self.defined)[path].add(name)


def prefixes(tree, path):
    """foo_bar.c in src/adapters/apis/: foo_bar, foo, apis, api, and the types of foo_bar.h."""
    folders, stem = path.split("/")[1:-1], pathlib.PurePath(path).stem
    words = stem.split("_")
    leading = ["_".join(words[:n]) for n in range(len(words), 0, -1)]
    types = TYPE.findall(tree.texts.get(path[:-2] + ".h", ""))
    names = leading + folders + types
    return names + [name.removesuffix("s") for name in names] + [name + "s" for name in names]


def check_symbols(tree, symbols):
    for path, names in symbols.defined.items():
        if not path.startswith("src/") or path.endswith("_test.c"):
            continue
        allowed = prefixes(tree, path)
        for name in sorted(names):
            if name == "main" or name.startswith(("__asan", "__odr_asan")):
                continue
            if not any(name == prefix or name.startswith(prefix + "_") for prefix in allowed):
                yield path, 1, "symbol", f"{name} should begin with {allowed[0]}_"


def check_dead(tree, symbols):
    included = {}
    for path in tree.texts:
        for _, header, _ in tree.includes(path):
            included.setdefault(tree.resolve(path, header), set()).add(path)
    for path in tree.texts:
        if path.endswith(".h") and path != "src/base/banned.h":
            yield from dead(path, included.get(path, set()) - {path})
    for path, names in symbols.defined.items():
        if path.startswith("src/") and names and "main" not in names and path not in OUTWARD:
            yield from dead(path, {user for user, wanted in symbols.wanted.items()
                                   if user != path and wanted & names})


def check_unshared(tree, symbols):
    """What only its own file uses is static. Assembler names a function within its own file; benchmarks
    and tools may not be built, so their text counts."""
    users = {}
    for path, names in symbols.wanted.items():
        for name in names:
            users.setdefault(name, set()).add(path)
    code = {path: tree.code(path) for path in tree.texts if path.endswith(".c")}
    for path, names in symbols.defined.items():
        if not path.startswith("src/") or path in OUTWARD:
            continue
        if not any(users.get(name, set()) - {path} for name in names):
            continue  # all of it is dead
        for name in sorted(names - {"main"}):
            word = re.compile(rf"\b{re.escape(name)}\b")
            in_assembler = len(word.findall(tree.texts[path])) > len(word.findall(code[path]))
            if in_assembler or users.get(name, set()) - {path}:
                continue
            if not any(other != path and name in text and word.search(text) for other, text in code.items()):
                yield path, 1, "unshared", f"nothing else uses {name}: make it static"


def is_test(path):
    return path.startswith("tests/") or path.endswith("_test.c")


def dead(path, users):
    if not users:
        yield path, 1, "dead", "nothing uses it"
    elif not is_test(path) and all(is_test(user) for user in users):
        yield path, 1, "dead", "only tests use it"


class Cache:
    """Which (tool, content) pairs were found clean."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def key(self, *parts):
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part.encode() + b"\0")
        return self.folder / digest.hexdigest()


def tool_text(root, name):
    path = pathlib.Path(root, name)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def check_format(tree, cache):
    style = tool_text(tree.root, ".clang-format")
    changed = {path: cache.key("format", style, text) for path, text in tree.texts.items()}
    changed = {path: key for path, key in changed.items() if not key.exists()}
    if not changed:
        return
    run = subprocess.run(["clang-format", "--dry-run", *changed], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    blamed = {}
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error):", run.stderr, re.M):
        blamed.setdefault(match.group(1), int(match.group(2)))
    for path, key in changed.items():
        if path in blamed:
            yield path, blamed[path], "format", "not as clang-format has it: make format"
        elif run.returncode == 0:
            key.touch()
    if run.returncode != 0 and not blamed:
        yield "tools/tidy.py", 1, "format", run.stderr.strip().split("\n")[0]


def closure(tree, path, seen):
    """The text of all of the tree's files that `path` includes."""
    for _, header, _ in tree.includes(path):
        target = tree.resolve(path, header)
        if target and target not in seen:
            seen.add(target)
            closure(tree, target, seen)
    return seen


def lint(tree, path, flags):
    """(clean, violations)"""
    # A test runs its paths itself.
    depth = ["--checks=-clang-analyzer-*"] if is_test(path) else ANALYZER
    run = subprocess.run(["clang-tidy", "--quiet", *depth, path, "--", *flags], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    found = []
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$", run.stdout, re.M):
        file = os.path.relpath(os.path.join(tree.root, match.group(1)), tree.root)
        what = match.group(3).replace(",-warnings-as-errors", "")
        found.append((file, int(match.group(2)), "lint", what))
    if run.returncode != 0 and not found:
        found.append((path, 1, "lint", (run.stderr.strip() or "clang-tidy fails").split("\n")[-1]))
    return run.returncode == 0, found


def check_lint(tree, cache, flags, jobs):
    config = tool_text(tree.root, ".clang-tidy") + " ".join(flags)
    todo = {}
    for path in tree.texts:
        if path.endswith(".c") and not path.startswith("tests/fuzz/"):
            parts = [tree.texts[p] for p in sorted(closure(tree, path, {path}))]
            key = cache.key("lint", config, *parts)
            if not key.exists():
                todo[path] = key
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda path: lint(tree, path, flags), todo)
        for key, (clean, found) in zip(todo.values(), results):
            if clean:
                key.touch()
            yield from found


def main():
    parser = argparse.ArgumentParser(description="Holds the lines that a compiler does not.")
    parser.add_argument("--root", default=".")
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--strict", action="store_true", help="the rules `dead` and `unshared` as well")
    parser.add_argument("--tap", action="store_true", help="tell how each rule fared as TAP")
    parser.add_argument("flags", nargs="*", help="compiler flags for clang-tidy, after --")
    options = parser.parse_args()

    tree = Tree(options.root)
    build = os.path.join(options.root, options.build)
    symbols = Symbols(tree, os.path.join(build, "objects"))
    cache = Cache(os.path.join(build, "tidy"))
    rules = {
        "include": check_includes(tree),
        "banned": check_banned(tree),
        "length": check_lengths(tree),
        "symbol": check_symbols(tree, symbols),
        "format": check_format(tree, cache),
        "lint": check_lint(tree, cache, options.flags, options.jobs),
    }
    if options.strict:
        rules["dead"] = check_dead(tree, symbols)
        rules["unshared"] = check_unshared(tree, symbols)
    found = {rule: sorted(set(violations)) for rule, violations in rules.items()}
    everything = sorted({violation for violations in found.values() for violation in violations})
    for path, line, rule, what in everything:
        print(f"{path}:{line}: {rule}: {what}")
    print(f"tidy: {len(tree.texts)} files, {len(everything)} violations", file=sys.stderr)
    if options.tap:
        for rule, violations in found.items():
            print(f"{'not ok' if violations else 'ok'} - tidy: {rule}")
    return 1 if everything else 0


if __name__ == "__main__":
    sys.exit(main())
