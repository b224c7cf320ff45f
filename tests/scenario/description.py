"""What /openapi.json declares: for each operation the answers, as pairs of status and code.

    description = Description(json.loads(text))
    description.undeclared("GET", "/api/v1/crm/customers/CUST-1", 404, "ROUTE_NOT_FOUND")
"""
import re


class Description:
    def __init__(self, document):
        self.operations = {}
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


def code_of(status, body):
    """The code of an error answer; None of a good one."""
    if status < 300 or status == 304 or not isinstance(body, dict):
        return None
    return "CUSTOMER_MERGED" if status == 307 else body.get("error")
