"""What /openapi.json declares: for each operation the answers, as pairs of status and code, with their shapes.

    description = Description(json.loads(text))
    description.undeclared("GET", "/api/v1/crm/customers/CUST-1", 404, "ROUTE_NOT_FOUND")
    description.misshapen("GET", "/api/v1/crm/customers/CUST-1", 200, headers, body)

Shapes are checked by python3-jsonschema. An answer has no member that its schema does not name: the schema of
an answer is open, so that clients live with what is added, and the test is not, so that what is added is told.
"""
import datetime
import re

import jsonschema


class Description:
    def __init__(self, document):
        self.operations = {}
        self.shapes = Shapes(document["components"])
        for path, methods in document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{[^/]*\}", "[^/]+", path) + "$")
            for method, row in methods.items():
                self.operations[row["operationId"]] = Operation(method.upper(), path, pattern, row)

    def find(self, method, target):
        """The operation that answers, or None: literal paths come before those with places."""
        path = target.split("?")[0]
        method = "GET" if method == "HEAD" else method
        found = [o for o in self.operations.values() if o.method == method and o.pattern.match(path)]
        return min(found, key=lambda o: o.path.count("{")) if found else None

    def undeclared(self, method, target, status, code):
        """Why this answer is not one of those declared, or None."""
        operation = self.find(method, target)
        if operation is None or (status, code) in operation.answers:
            return None
        if method == "HEAD" and status in {answer[0] for answer in operation.answers}:
            return None
        return f"{operation.name} answered {status} {code or ''}, which /openapi.json does not declare"

    def misshapen(self, method, target, status, headers, body):
        """Why headers or body of a declared answer are not as they are described, or None."""
        operation = self.find(method, target)
        if operation is None:
            return None
        response = operation.row["responses"].get(str(status), {})
        problem = self.shapes.misses_header(response, headers)
        if not problem and method != "HEAD":
            problem = self.shapes.misses_content(response, headers.get("Content-Type"), body)
        return f"{operation.name} answered {status}, and {problem}" if problem else None


class Operation:
    """answers: {(status, code)}; the code of a good answer is None."""

    def __init__(self, method, path, pattern, row):
        self.method, self.path, self.pattern, self.row = method, path, pattern, row
        self.name, self.public = row["operationId"], row.get("security") == []
        self.query = [p["name"] for p in row["parameters"] if p["in"] == "query"]
        self.content = next(iter(row.get("requestBody", {}).get("content", {})), None)
        self.answers = {(int(status), code) for status, response in row["responses"].items()
                        for code in response.get("x-error-codes", [None])}

    def target(self, *places):
        """The path with these in its places; "X-1" where there are none left."""
        left = list(places)
        return re.sub(r"\{[^/]*\}", lambda _: left.pop(0) if left else "X-1", self.path)


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time(text):
    return not isinstance(text, str) or (text.endswith("Z") and datetime.datetime.fromisoformat(text[:-1]) is not None)


@FORMATS.checks("date", raises=ValueError)
def is_day(text):
    return not isinstance(text, str) or datetime.date.fromisoformat(text) is not None


def closed(schema):
    """The schema with no other members than those it names."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" else {}
    return {**more, **{name: closed(value) for name, value in schema.items()}}


class Shapes:
    def __init__(self, components):
        self.components, self.validators = closed(components), {}

    def validator(self, schema):
        key = str(schema)
        if key not in self.validators:
            whole = {**closed(schema), "components": self.components}
            self.validators[key] = jsonschema.Draft202012Validator(whole, format_checker=FORMATS)
        return self.validators[key]

    @staticmethod
    def misses_header(response, headers):
        for name, header in response.get("headers", {}).items():
            if header.get("required") and headers.get(name) is None:
                return f"there is no {name}"
        return None

    def misses_content(self, response, media_type, body):
        content = response.get("content")
        if not content:
            return None if body in (None, [], "") else f"there is a body: {str(body)[:200]}"
        media_type = (media_type or "").split(";")[0]
        if media_type not in content and "*/*" not in content:
            return f"its Content-Type is {media_type!r}, none of {sorted(content)}"
        if media_type not in ("application/json", "application/problem+json"):
            return None
        error = jsonschema.exceptions.best_match(self.validator(content[media_type]["schema"]).iter_errors(body))
        if error is None:
            return None
        return f"at {'/'.join(map(str, error.absolute_path)) or 'the top'} of its body: {error.message[:300]}"


def code_of(status, body):
    """The code of an error answer; None of a good one."""
    if status < 300 or status == 304 or not isinstance(body, dict):
        return None
    return "CUSTOMER_MERGED" if status == 307 else body.get("error")
