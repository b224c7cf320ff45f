"""Holds /asyncapi.json of a running service to AsyncAPI's own JSON schema of 3.0.

    described.py http://127.0.0.1:9401 node_modules
"""
import json
import os
import sys
import urllib.request

import jsonschema


def main() -> int:
    url, modules = sys.argv[1:]
    with open(os.path.join(modules, "@asyncapi", "specs", "schemas", "3.0.0-without-$id.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft7Validator(json.load(file))
    with urllib.request.urlopen(url + "/asyncapi.json") as answer:
        description = json.load(answer)
    for problem in validator.iter_errors(description):
        print(f"{'/'.join(map(str, problem.absolute_path))}: {problem.message[:300]}")
    for name, value in (("info", {}), ("topics", {}), ("channels", {"C": {"adress": "c"}}), ("operations", {"O": {"action": "take"}})):
        if validator.is_valid({**description, name: value}):
            print(f"the schema takes any {name}")
            return 1
    return 0 if validator.is_valid(description) else 1


if __name__ == "__main__":
    sys.exit(main())
