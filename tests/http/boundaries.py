#!/usr/bin/python3
"""What /openapi.json says of a value is what the service takes: examples at the edges of each shape, sent and compared.

    tests/http/boundaries.py [--binary build/customer360]

Each value goes into a body that is in order but for it. The description, judged by python3-jsonschema with formats as RFC 3339
has them, and the service must agree: what one lets through the other does, in both directions. Where the description can say
less than the service knows, the case has `WIDER`: then it may let through what is refused, and nothing is taken that it does not allow, but for
what stands in `LENIENT` with the reason.
Prints TAP. Exit status 1 when one failed.
"""
import argparse
import datetime
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
sys.path.insert(0, HERE)
import jsonschema  # noqa: E402
from pages import Client  # noqa: E402
from servers.service import API  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

FORMATS = jsonschema.FormatChecker(formats=())
WIDER = "the description is wider"


@FORMATS.checks("date", raises=ValueError)
def is_day(text):
    return not isinstance(text, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.A) and datetime.date.fromisoformat(text))


@FORMATS.checks("date-time", raises=ValueError)
def is_time(text):
    """RFC 3339, 5.6: T and Z in either case, any fraction, a leap second."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)([.]\d+)?([Zz]|[+-](\d\d):(\d\d))", text, re.A) if isinstance(text, str) else None
    if not found:
        return not isinstance(text, str)
    day, hour, minute, second, _, _, off_hour, off_minute = found.groups()
    return (bool(datetime.date.fromisoformat(day)) and int(hour) < 24 and int(minute) < 60 and int(second) <= 60 and
            int(off_hour or 0) < 24 and int(off_minute or 0) < 60)


@FORMATS.checks("email")
def is_address(text):
    """As far as a format says it: something on both sides of one @, without spaces."""
    return not isinstance(text, str) or bool(re.fullmatch(r"[^\s@]+@[^\s@]+", text))


LENIENT = {
    "a@b.example ": "spaces around a value go",
    "2026-02-02 10:30:00Z": "RFC 3339 lets applications separate by a space",
    "2026-02-02": "a day is its beginning",
    "x.example/ä": "what a browser would escape is kept as it is",
    None: "says nothing",
    "": "an empty preference is a preference",
}

IDENTIFIERS = ["A", "9", "a.b_c:d-e", "x" * 64, "x" * 65, "", "-a", ".a", "_a", "a b", "ä", "a/b", "a%b", "a@b"]
TEXTS = ["x", " x ", "", " ", "a\tb", "a\nb", "\u007f", "a\u0085b", "ä", "\U0001f600", "\ufeff", "\u00a0"]
ADDRESSES = ["a@b.example", "a+b.c@x-y.example", "o'brien@x.example", "a@b", "a", "@b.example", "a@", "a b@x.example", "a@b.example ", "a@@b.example", ""]
DAYS = ["2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "9999-12-31", "2024-1-1", "20240101", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "",
        "2024-01-01T00:00:00Z", "24-01-01"]
TIMES = ["2026-02-02T10:30:00Z", "2026-02-02t10:30:00z", "2026-02-02T10:30:00+02:00", "2026-02-02T10:30:00-23:59", "2026-02-02T10:30:00.1Z",
         "2026-02-02T10:30:00.123456789Z", "2026-02-02T10:30:00", "2026-02-02 10:30:00Z", "2026-02-02T10:30Z", "2026-02-02T24:00:00Z", "2026-02-02T10:60:00Z",
         "2026-02-30T10:30:00Z", "2026-02-02T10:30:00+2:00", "2026-02-02T10:30:00+0200", "2026-02-02T10:30:00+24:00", "2026-02-02T10:30:00.Z", "", "2026-02-02"]
LANGUAGES = ["de", "DE", "gsw", "pt-BR", "zh-Hant-TW", "de-1996", "de-" + "a" * 8, "de-" + "a" * 9, "d", "deut", "de-", "-de", "de_DE", "de-ä", "", "de--DE",
             "de" + "-abcdefgh" * 3 + "-abcde", "de" + "-abcdefgh" * 3 + "-abcdef"]
COUNTRIES = ["DE", "de", "D", "DEU", "1A", "ÄÖ", "", "D E"]
PHONES = ["123", "12", "+49 30 111", "(030) 12-34/5.6", "1" * 15, "1" * 16, "+" + "1" * 15, "abc", "++491", "+", "", "49+30", "12 ", "1 2 3", "٣٣٣", "123x", "+49 (0) 30 111", "..."]
SITES = ["x.example", "www.x.example", "https://x.example", "HTTP://x.example", "ftp://x.example", "x", "https://x", "https://x.example/a?b=c#d", "x.example/ä", "x..example", "-x.example",
         "https://x.example:8080", "", "x example", "https://user@x.example", "x.example?y"]
CODES = ["A", "MARKETING_2", "a", "_", "A" * 64, "A" * 65, "", "A B", "Ä", "A-B"]


def customer(**more):
    return "POST", "/customers?onDuplicate=allow", {"name": "Edge", **more}


def contact(**more):
    return "POST", "/customers/EDGE/contacts", {"name": "Edge", **more}


def consent(**more):
    return "POST", "/customers/EDGE/consent", {"type": "EMAIL", "status": "GRANTED", **more}


def relation(**more):
    return "POST", "/customers/EDGE/relationships", {"type": "PARTNER_OF", "customerId": "OTHER", **more}


CASES = {
    "customerId": ([customer(customerId=value) for value in IDENTIFIERS], None),
    "name": ([customer(name=value) for value in [*TEXTS, "x" * 256, "x" * 257, "ä" * 256, "\U0001f600" * 256, "\U0001f600" * 257]], WIDER),
    "segment": ([customer(segment=value) for value in [*TEXTS, "x" * 64, "x" * 65]], WIDER),
    "emails": ([customer(emails=[value]) for value in [*ADDRESSES, "a" * 64 + "@b.example", "a@" + "b" * 63 + ".example", "a" * 250 + "@b.example"]], WIDER),
    "phones": ([customer(phones=[value]) for value in PHONES], None),
    "website": ([customer(website=value) for value in SITES], WIDER),
    "dateOfBirth": ([customer(kind="PERSON", dateOfBirth=value) for value in DAYS], WIDER),
    "language": ([customer(language=value) for value in LANGUAGES], None),
    "addresses.country": ([customer(addresses=[{"country": value}]) for value in COUNTRIES], None),
    "identifiers.type": ([customer(identifiers=[{"type": value, "value": "1"}]) for value in ["VAT", "vat", "A" * 32, "A" * 33, "", "A B", "A-B", "Ä"]], None),
    "identifiers.value": ([customer(identifiers=[{"type": "ERP", "value": value}]) for value in [*TEXTS, "x" * 128, "x" * 129]], WIDER),
    "preferences": ([customer(preferences=value) for value in [{}, {"a": "b"}, {"a": 1.5}, {"a": True}, {"a": None}, {"a": []}, {"a": {}}, {"": "x"}, {" ": "x"}, {"a": ""}, {"a\n": "x"},
                                                               {"x" * 64: "y"}, {"x" * 65: "y"}, {str(i): "x" for i in range(50)}, {str(i): "x" for i in range(51)}]], WIDER),
    "contact.contactId": ([contact(contactId=value) for value in IDENTIFIERS], None),
    "contact.email": ([contact(email=value) for value in ADDRESSES], WIDER),
    "contact.phone": ([contact(phone=value) for value in PHONES], None),
    "contact.roles": ([contact(roles=value) for value in [[], ["BILLING"], ["BILLING", "SALES"], ["billing"], ["BOSS"], "BILLING", [None]]], None),
    "consent.purpose": ([consent(purpose=value) for value in CODES], None),
    "consent.capturedAt": ([consent(capturedAt=value) for value in TIMES if not value.startswith("2027")], WIDER),
    "consent.validUntil": ([consent(validUntil=value.replace("2026-", "2046-")) for value in TIMES], None),
    "consent.contactPoint": ([consent(contactPoint=value) for value in ["a@x.example", "+49 30 111", "", " ", "x" * 255]], WIDER),
    "relationship.from": ([relation(**{"from": value}) for value in DAYS], None),
    "relationship.relationshipId": ([relation(relationshipId=value) for value in IDENTIFIERS], WIDER),
}


def judge(document, method, path, body):
    """Does the description let the body through?"""
    template = re.sub("/EDGE", "/{customerId}", API + path.split("?")[0])
    content = document["paths"][template][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**content, "components": document["components"]}, format_checker=FORMATS)
    return next(validator.iter_errors(body), None) is None


def is_lenient(body):
    values = list(body.values())
    for value in values:
        values += value if isinstance(value, list) else value.values() if isinstance(value, dict) else []
    return any(value.replace("2046-", "2026-") in LENIENT if isinstance(value, str) else value is None for value in values)


def run_case(client, document, requests, wider):
    problems = []
    for method, path, body in requests:
        allowed = judge(document, method, path, body)
        status, _, answer = client.ask(method, API + path, body)
        taken = status < 300 or status == 409  # there already: its shape was taken
        if status not in (201, 400, 409, 422):
            problems.append(f"{json.dumps(body)[:120]} answered {status}: {answer}")
        elif taken and not allowed and not is_lenient(body):
            problems.append(f"{json.dumps(body)[:120]} is taken, and the description does not allow it")
        elif allowed and not taken and not wider:
            problems.append(f"{json.dumps(body)[:120]} is allowed by the description, and refused: {answer['message']} ({answer['details']})")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    options = parser.parse_args()
    stores = Stores("memory", options.binary)
    service = serve(options.binary, stores.new())
    failed = False
    try:
        client = Client(service.port)
        document = client.ask("GET", "/openapi.json")[2]
        for name in ("EDGE", "OTHER"):
            assert client.ask("POST", API + "/customers", {"customerId": name, "name": name})[0] == 201
        for name, (requests, wider) in CASES.items():
            problems = run_case(client, document, requests, wider)
            failed |= bool(problems)
            print(f"{'not ok' if problems else 'ok'} - {name}, {len(requests)} at the edges" + "".join(f"\n  {p}" for p in problems))
    finally:
        service.stop()
        stores.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
