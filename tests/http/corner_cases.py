#!/usr/bin/python3
"""Requests at the edges of JSON, UTF-8 and HTTP, and such as smuggle: each with what is expected, and why.

    tests/http/corner_cases.py [--binary build/customer360] [NAME ...]

Every request goes over a socket of its own, byte for byte. Expected is one of the statuses named; never a failure of
the server, never silence, never a connection that is closed without an answer where HTTP asks for one. Behind each
request a second one is sent on the same connection: it must be answered as itself, or the connection be closed, so
that no byte of a body is ever taken for a request. Prints TAP.

None among the statuses: the connection may be closed without an answer, at once or when it was idle for too long.
That is right where a request never ends.
"""
import argparse
import json
import os
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from servers.service import API  # noqa: E402
from servers.stores import serve  # noqa: E402

WAIT_SECONDS = 6
IDLE_SECONDS = 2
CHECK = b'{"checks":[]}'
MARK = b"GET /livez?smuggled=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"


def request(line, *headers, body=b"", end="\r\n"):
    """A request as it should be, but for what is said."""
    return (end.join([line, "Host: localhost", *headers]) + end + end).encode("latin-1") + body


def post(*headers, body=CHECK, path="/consent/check"):
    return request(f"POST {API}{path} HTTP/1.1", "Content-Type: application/json", *headers, body=body)


def chunked(*pieces, head=()):
    return post("Transfer-Encoding: chunked", *head, body=b"".join(pieces))


LENGTH = f"Content-Length: {len(CHECK)}"
CHUNK = b"d\r\n" + CHECK + b"\r\n"
GET = "GET /livez HTTP/1.1"

# name, bytes, statuses, why
HTTP = [
    # Two readings of one body (RFC 9112, 6.3)
    ("length and chunked", post(LENGTH, "Transfer-Encoding: chunked", body=CHUNK + b"0\r\n\r\n"), {400}, "RFC 9112, 6.1: may be an attack"),
    ("chunked and length", post("Transfer-Encoding: chunked", LENGTH, body=CHUNK + b"0\r\n\r\n"), {400}, "the same, in the other order"),
    ("chunked and length 0", post("Transfer-Encoding: chunked", "Content-Length: 0", body=b"0\r\n\r\n"), {400}, "the same"),
    ("two lengths that differ", post(LENGTH, "Content-Length: 5"), {400}, "RFC 9112, 6.3: unrecoverable"),
    ("two lengths that agree", post(LENGTH, LENGTH), {400}, "RFC 9110, 8.6 lets refuse it"),
    ("a list of lengths", post(f"Content-Length: {len(CHECK)}, {len(CHECK)}"), {400}, "the same"),
    ("chunked twice", chunked(CHUNK, b"0\r\n\r\n", head=("Transfer-Encoding: chunked",)), {400}, "RFC 9112, 6.1: not more than once"),
    ("chunked, chunked", post("Transfer-Encoding: chunked, chunked", body=CHUNK + b"0\r\n\r\n"), {400, 501}, "the same in one field"),
    *[(f"transfer coding {coding!r}", post(f"Transfer-Encoding: {coding}", body=CHUNK + b"0\r\n\r\n"), {400, 501}, "a coding that is not understood")
      for coding in ("xchunked", "chunked, identity", "identity", "identity, chunked", "gzip, chunked", "chunked;q=1", "chunke", "\"chunked\"")],
    ("a vertical tab before chunked", post("Transfer-Encoding: \x0bchunked", body=CHUNK + b"0\r\n\r\n"), {400, 501}, "the same"),
    ("transfer coding in capitals", post("Transfer-Encoding: CHUNKED", body=CHUNK + b"0\r\n\r\n"), {200}, "codings have no case"),
    ("space before the colon", post("Transfer-Encoding : chunked", body=CHUNK + b"0\r\n\r\n"), {400}, "RFC 9112, 5.1: must be refused"),
    ("tab before the colon", post("Content-Length\t: 5"), {400}, "the same"),
    *[(f"length {length!r}", post(f"Content-Length: {length}"), {400, 413}, "RFC 9110, 8.6: digits only")
      for length in ("+13", "-1", "-0", "0x0d", "1 3", "13x", "1e1", "1_3", "", "18446744073709551629", "99999999999999999999999999", "١٣".encode().decode("latin-1"))],
    ("length with zeros in front", post(f"Content-Length: 00000000{len(CHECK)}"), {200, 400}, "digits they are"),
    ("length with spaces around", post(f"Content-Length:  \t{len(CHECK)}\t "), {200}, "RFC 9112, 5: optional white space"),
    ("a body of a GET", request(GET, f"Content-Length: {len(MARK)}", body=MARK), {200, 400}, "its bytes are no request"),
    ("a chunked body of a GET", request(GET, "Transfer-Encoding: chunked", body=b"%x\r\n" % len(MARK) + MARK + b"\r\n0\r\n\r\n"), {200, 400}, "the same"),
    ("a body nobody takes", request(f"DELETE {API}/customers/A/contacts/B HTTP/1.1", f"Content-Length: {len(MARK)}", body=MARK), {400, 404}, "the same"),
    ("a body of a path that is not there", request("POST /nowhere HTTP/1.1", f"Content-Length: {len(MARK)}", body=MARK), {404}, "the same"),
    # Chunks (RFC 9112, 7.1)
    ("chunks", chunked(b"5\r\n" + CHECK[:5] + b"\r\n", b"8\r\n" + CHECK[5:] + b"\r\n", b"0\r\n\r\n"), {200}, "as they should be"),
    ("chunk size in capitals", chunked(b"D\r\n" + CHECK + b"\r\n0\r\n\r\n"), {200}, "hexadecimal has no case"),
    ("chunk size with zeros in front", chunked(b"000d\r\n" + CHECK + b"\r\n0\r\n\r\n"), {200}, "digits they are"),
    ("chunk size with very many zeros", chunked(b"0" * 300 + b"d\r\n" + CHECK + b"\r\n0\r\n\r\n"), {200, 400, 413}, "no overflow"),
    ("chunk extension", chunked(b"d;a=1\r\n" + CHECK + b"\r\n0;b\r\n\r\n"), {200, 400}, "to be ignored"),
    ("chunk extension in quotes", chunked(b'd;a="x y"\r\n' + CHECK + b"\r\n0\r\n\r\n"), {200, 400}, "the same"),
    ("chunk extension with a line end in quotes", chunked(b'd;a="\r\n' + CHECK + b'\r\n0\r\n\r\n'), {200, 400}, "the line ends there"),
    ("chunk extension of 100,000 characters", chunked(b"d;" + b"a" * 100000 + b"\r\n" + CHECK + b"\r\n0\r\n\r\n"), {400, 413}, "bounded"),
    *[(f"chunk size {size!r}", chunked(size.encode() + b"\r\n" + CHECK + b"\r\n0\r\n\r\n"), {400, 413}, "is no size")
      for size in ("-d", "+d", "0xd", "g", "", "ffffffffffffffffff", " d", "d d", "1.0")],
    ("the largest chunk size", chunked(b"fffffffffffffffe\r\n" + CHECK), {400, 413, None}, "the rest does not come"),
    ("chunk longer than it says", chunked(b"5\r\n" + CHECK + b"\r\n0\r\n\r\n"), {400}, "no line end behind the chunk"),
    ("chunk shorter than it says", chunked(b"e\r\n" + CHECK + b"\r\n0\r\n\r\n"), {400}, "no line end behind the chunk"),
    ("trailers", chunked(CHUNK, b"0\r\nX-Trailer: y\r\n\r\n"), {200, 400}, "to be ignored"),
    ("a length in the trailers", chunked(CHUNK, b"0\r\nContent-Length: 500\r\n\r\n"), {200, 400}, "RFC 9110, 6.5.1: not of the head"),
    ("chunks on HTTP/1.0", request(f"POST {API}/consent/check HTTP/1.0", "Content-Type: application/json", "Transfer-Encoding: chunked", body=CHUNK + b"0\r\n\r\n"), {400}, "RFC 9112, 6.1: faulty framing"),
    # Lines (RFC 9112, 2.2 and 5)
    ("a folded header", request(GET, "X-Fold: a", " b"), {400}, "RFC 9112, 5.2: refused, or replaced by spaces"),
    ("a folded length", post("Content-Length:", f" {len(CHECK)}"), {400}, "the same: its body would be taken for a request"),
    ("a folded length, half of it", post("Content-Length: 1", " 3"), {400}, "the same"),
    ("a folded coding", post("Transfer-Encoding:", " chunked", body=CHUNK + b"0\r\n\r\n"), {400}, "the same"),
    ("a fold at the end of the head", post(LENGTH, "X-A: b", " c"), {400}, "the same"),
    ("a field without a name before the length", post(": b", LENGTH), {400}, "RFC 9110, 5.1: a token; the next field would be lost"),
    ("a field without a name at the end", post(LENGTH, ": b"), {400}, "the same"),
    ("a folded first line", b"GET /livez HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n", {400}, "RFC 9112, 2.2: white space before the first field"),
    ("line feeds alone", b"GET /livez HTTP/1.1\nHost: localhost\n\n", {400}, "RFC 9112, 2.2: may be taken; who stands in front may not"),
    ("a carriage return alone in a header", request(GET, "X-A: b\rTransfer-Encoding: chunked"), {400}, "RFC 9112, 2.2: invalid, or a space"),
    ("a zero byte in a header", request(GET, "X-A: b\x00c"), {400}, "RFC 9110, 5.5: must not be kept"),
    ("a zero byte in a name", request(GET, "X-\x00A: b"), {400}, "the same"),
    ("a zero byte in the path", b"GET /livez\x00/readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}, "who stands in front sees another path"),
    ("a zero byte in the query", b"GET /livez?a=1\x00&b=2 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}, "the same"),
    ("empty and lone parameters", b"GET /livez?&a=&b&=c&&d=e=f HTTP/1.1\r\nHost: localhost\r\n\r\n", {200, 400}, "are read somehow, and no zero byte"),
    ("a length that is no 63-bit number", post("Content-Length: 9223372036854775808"), {400, 413}, "RFC 9112, 6.3: invalid; no body is waited for"),
    ("a header without a name", request(GET, ": b"), {400}, "RFC 9110, 5.1: a token"),
    ("a header without a colon", request(GET, "nonsense"), {400}, "RFC 9112, 5"),
    ("a name with a space", request(GET, "X A: b"), {400}, "RFC 9110, 5.1: a token"),
    ("a name beyond ASCII", request(GET, "X-\xe4: b"), {400}, "the same"),
    ("an empty value", request(GET, "X-A:"), {200}, "is a value"),
    ("a value beyond ASCII", request(GET, "X-A: \xe4\xff"), {200}, "RFC 9110, 5.5: opaque"),
    ("empty lines before the request", b"\r\n\r\n" + request(GET), {200}, "RFC 9112, 2.2: to be ignored"),
    ("200 headers", request(GET, *[f"X-{i}: a" for i in range(200)]), {431}, "too many"),
    ("a header of 100,000 bytes", request(GET, "X-A: " + "a" * 100000), {431, 413}, "too long"),
    ("a name of 20,000 bytes", request(GET, "X" * 20000 + ": a"), {431, 413, 400}, "too long"),
    ("a target of 100,000 bytes", request("GET /" + "a" * 100000 + " HTTP/1.1"), {414, 431, 400, 413}, "too long"),
    ("a query of 100 parameters", request("GET /livez?" + "&".join(f"a{i}=1" for i in range(100)) + " HTTP/1.1"), {400}, "too many"),
    ("a query of 500 parameters", request("GET /livez?" + "&".join(f"a{i}=1" for i in range(500)) + " HTTP/1.1"), {400}, "too many"),
    # The request line (RFC 9112, 3)
    ("no Host", b"GET /livez HTTP/1.1\r\n\r\n", {400}, "RFC 9112, 3.2: must be refused"),
    ("two Hosts", request(GET, "Host: y"), {400}, "the same"),
    ("two Hosts that agree", request(GET, "Host: localhost"), {400}, "the same"),
    ("absolute form", request("GET http://localhost/livez HTTP/1.1"), {200}, "RFC 9112, 3.2.2: must be taken"),
    ("absolute form of another host", request("GET http://y/livez HTTP/1.1"), {200}, "it replaces Host, and every host is ours"),
    ("absolute form with https", request("GET https://localhost/livez HTTP/1.1"), {200, 400}, "a resource of another scheme"),
    ("absolute form without a path", request("GET http://localhost HTTP/1.1"), {200}, "the path is /"),
    ("authority form", request("CONNECT localhost:80 HTTP/1.1"), {400, 404, 405, 501}, "no proxy"),
    ("asterisk form", request("OPTIONS * HTTP/1.1"), {204}, "RFC 9110, 9.3.7: of the server"),
    ("asterisk form of a GET", request("GET * HTTP/1.1"), {400, 404}, "no path"),
    ("TRACE", request("TRACE /livez HTTP/1.1"), {405, 501}, "never sends back what it got"),
    ("a method in small letters", request("get /livez HTTP/1.1"), {405, 501}, "methods have case"),
    ("a method that is no token", request("G(T /livez HTTP/1.1"), {400, 405, 501}, "RFC 9110, 9.1"),
    ("a method of 5,000 letters", request("G" * 5000 + " /livez HTTP/1.1"), {400, 405, 414, 501, 431}, "unknown, whatever its length"),
    ("two spaces", request("GET  /livez HTTP/1.1"), {400}, "RFC 9112, 3: may be lenient; need not"),
    ("a tab for a space", request("GET\t/livez HTTP/1.1"), {400}, "the same"),
    ("a space behind the version", request("GET /livez HTTP/1.1 "), {400}, "the same"),
    ("a space in the path", request("GET /live z HTTP/1.1"), {400}, "RFC 9112, 3.2: invalid"),
    ("no version", b"GET /livez\r\nHost: localhost\r\n\r\n", {400, 505}, "HTTP/0.9 is no more"),
    ("version 1.0", request("GET /livez HTTP/1.0"), {200}, "older clients"),
    ("version 1.0 without Host", b"GET /livez HTTP/1.0\r\n\r\n", {200}, "asks for none"),
    ("version 1.2", request("GET /livez HTTP/1.2"), {200, 400, 505}, "RFC 9110, 2.5: as the highest minor of ours"),
    ("version 2.0", request("GET /livez HTTP/2.0"), {400, 505}, "another framing"),
    ("version 3.1", request("GET /livez HTTP/3.1"), {400, 505}, "the same"),
    ("version 1.1x", request("GET /livez HTTP/1.1x"), {400, 505}, "is none"),
    ("a version in small letters", request("GET /livez http/1.1"), {400, 505}, "RFC 9112, 2.3: it has case"),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505}, "not spoken here"),
    ("a TLS hello", bytes.fromhex("1603010200010001fc0303") + b"\x00" * 40 + b"\r\n\r\n", {400}, "plain HTTP is spoken here"),
    ("an upgrade", request(GET, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAAA"), {200}, "RFC 9110, 7.8: may be ignored"),
    ("Connection names Host", request(GET, "Connection: Host"), {200}, "nothing is forwarded"),
    # Targets
    *[(f"path {path!r}", request(f"GET {path} HTTP/1.1"), {400, 404}, why) for path, why in (
        ("/%00", "no text can hold it"), ("/%zz", "no escape"), ("/%4", "half an escape"), ("/%c0%ae", "overlong"), ("/%ed%a0%80", "a surrogate"),
        ("/%ff", "no UTF-8"), ("/%0d%0aX:y", "a line end"), ("/..%2f..%2fetc/passwd", "nothing is there"), ("/console/../../etc/passwd", "the same"),
        ("/console/%2e%2e%2f", "the same"), ("//livez", "another path"), ("/livez/", "another path"), ("/LIVEZ", "paths have case"), ("/livez#a", "RFC 9112, 3.2: no fragment"))],
    ("an escaped path", request("GET /live%7a HTTP/1.1"), {200}, "RFC 3986, 2.3: the same"),
    ("bytes beyond ASCII in the path", request("GET /\xc3\xa4 HTTP/1.1"), {400, 404}, "should have been escaped"),
    ("a query without a value", request("GET /livez?a HTTP/1.1"), {400}, "an unknown parameter"),
    ("an empty query", request("GET /livez? HTTP/1.1"), {200}, "has no parameters"),
    ("separators alone", request("GET /livez?&& HTTP/1.1"), {200, 400}, "have no names"),
    # Expect (RFC 9110, 10.1.1)
    ("100-continue", post(LENGTH, "Expect: 100-continue"), {200}, "the body is asked for, or read"),
    ("another expectation", post(LENGTH, "Expect: 200-ok"), {417}, "cannot be met"),
    ("100-continue of a body too large", post("Content-Length: 99999999", "Expect: 100-continue", body=b""), {413}, "told before it is sent"),
    # Methods on resources
    ("PUT", request(f"PUT {API}/customers HTTP/1.1", "Content-Length: 2", body=b"{}"), {405}, "Allow says what there is"),
    ("HEAD", request("HEAD /livez HTTP/1.1"), {200}, "goes where GET goes"),
]

NAME = b'{"name":"Acme"}'


def create(body, *headers):
    return request(f"POST {API}/customers HTTP/1.1", *(headers or ("Content-Type: application/json",)), f"Content-Length: {len(body)}", body=body)


def named(text):
    """A customer with these bytes in its name."""
    return create(b'{"name":"' + text + b'"}')


def preferring(number):
    return create(b'{"name":"Acme","preferences":{"a":' + number + b"}}")


JSON = [
    ("nothing", create(b""), {400}, "RFC 8259, 2: a value"),
    ("blanks", create(b" \t\r\n"), {400}, "the same"),
    ("null", create(b"null"), {422}, "JSON, but no object"),
    ("a list", create(b"[1]"), {422}, "the same"),
    ("a text", create(b'"x"'), {422}, "RFC 8259: any value is a text"),
    ("a number", create(b"1"), {422}, "the same"),
    ("an empty object", create(b"{}"), {422}, "name is required"),
    ("blanks around", create(b" \r\n\t" + NAME + b"\n"), {201}, "RFC 8259, 2: white space"),
    ("a form feed", create(b"\x0c" + NAME), {400}, "no white space of JSON"),
    ("a no-break space", create(b"\xc2\xa0" + NAME), {400}, "the same"),
    ("a byte order mark", create(b"\xef\xbb\xbf" + NAME), {201, 400}, "RFC 8259, 8.1: may be refused"),
    ("two values", create(NAME + NAME), {400}, "one value"),
    ("a byte behind", create(NAME + b"x"), {400}, "the same"),
    ("a zero byte behind", create(NAME + b"\x00"), {400}, "the same"),
    ("a comma too many", create(b'{"name":"Acme",}'), {400}, "RFC 8259, 4"),
    ("a comma too few", create(b'{"name":"Acme" "kind":"PERSON"}'), {400}, "the same"),
    ("a comment", create(b'{"name":"Acme"/**/}'), {400}, "JSON has none"),
    ("single quotes", create(b"{'name':'Acme'}"), {400}, "the same"),
    ("a bare name", create(b'{name:"Acme"}'), {400}, "the same"),
    ("an open object", create(b'{"name":"Acme"'), {400}, "ends too early"),
    ("an open text", create(b'{"name":"Acme'), {400}, "the same"),
    ("the wrong bracket", create(b'{"name":"Acme"]'), {400}, "RFC 8259, 2"),
    ("a name twice", create(b'{"name":"Acme","name":"Other"}'), {400}, "RFC 8259, 4: which one is meant?"),
    ("a name twice, once escaped", create(b'{"name":"Acme","n\\u0061me":"Other"}'), {400}, "the same name"),
    ("a name twice, deep", create(b'{"name":"Acme","preferences":{"a":1,"a":2}}'), {400}, "the same"),
    ("an unknown name", create(b'{"name":"Acme","colour":"red"}'), {422}, "named, with what is known"),
    ("an empty name", create(b'{"name":"Acme","":1}'), {422}, "the same"),
    ("literals in capitals", create(b'{"name":"Acme","preferences":{"a":True}}'), {400}, "RFC 8259, 3"),
    *[(f"number {number.decode()}", preferring(number), statuses, why) for number, statuses, why in (
        (b"0", {201}, "a number"), (b"-0", {201}, "a number"), (b"1.5e+300", {201}, "a number"), (b"1E-5", {201}, "a number"),
        (b"12345678901234567890123456789", {201, 422}, "kept as it is written, or refused; never rounded"), (b"1e999999", {201, 422}, "the same"),
        (b"01", {400}, "RFC 8259, 6: no zero in front"), (b"-01", {400}, "the same"), (b"+1", {400}, "no plus"), (b"1.", {400}, "a digit behind the point"),
        (b".5", {400}, "a digit before it"), (b"1e", {400}, "an exponent has digits"), (b"-", {400}, "no digit"), (b"0x1", {400}, "decimal only"),
        (b"NaN", {400}, "no number"), (b"Infinity", {400}, "no number"), (b"1_000", {400}, "digits only"), (b"1 000", {400}, "one number"))],
    ("a long number", preferring(b"1" * 5000), {201, 400, 422}, "bounded"),
    *[(f"escape {escape.decode()}", named(b"a" + escape + b"b"), statuses, why) for escape, statuses, why in (
        (b"\\\\", {201}, "a reverse solidus"), (b"\\/", {201}, "a solidus"), (b"\\u00e4", {201}, "a letter"), (b"\\uD83D\\uDE00", {201}, "a pair makes one character"),
        (b"\\n", {422}, "a control character in a name"), (b"\\u0000", {400, 422}, "no store can hold it"), (b"\\u001f", {422}, "a control character"),
        (b"\\u202e", {422}, "turns the text around"), (b"\\ud800", {400}, "half a pair"), (b"\\udc00", {400}, "the other half"), (b"\\ud83dx", {400}, "half a pair"),
        (b"\\ude00\\ud83d", {400}, "the wrong way round"), (b"\\x41", {400}, "RFC 8259, 7"), (b"\\u12", {400}, "four digits"), (b"\\u12g4", {400}, "hexadecimal"), (b"\\U0001F600", {400}, "RFC 8259, 7"))],
    ("a control character as it is", named(b"a\tb"), {400}, "RFC 8259, 7: must be escaped"),
    ("a line end as it is", named(b"a\nb"), {400}, "the same"),
    ("a delete character", named(b"a\x7fb"), {422}, "JSON, but a control character in a name"),
    ("a list 10,000 deep", create(b"[" * 10000 + b"]" * 10000), {400}, "no stack is used up"),
    ("objects 10,000 deep", create(b'{"a":' * 10000 + b"1" + b"}" * 10000), {400}, "the same"),
    ("a list of 100,000", create(b'{"name":"Acme","emails":[' + b",".join([b'"a@b.example"'] * 50000) + b"]}"), {422}, "too many"),
    ("a name of 500,000 bytes", create(b'{"' + b"n" * 500000 + b'":1}'), {422, 413}, "unknown, and told in short"),
    ("20,000 names", create(b"{" + b",".join(b'"n%d":1' % i for i in range(20000)) + b"}"), {422, 413}, "the first that is unknown"),
    ("a body too large", create(b'{"name":"' + b"a" * 2000000 + b'"}'), {413}, "bounded"),
]

UTF8 = [(f"bytes {sequence.hex()}", named(b"a" + sequence + b"b"), statuses, why) for sequence, statuses, why in (
    (b"\xc3\xa4", {201}, "two bytes"), (b"\xe2\x82\xac", {201}, "three"), (b"\xf0\x9f\x98\x80", {201}, "four"), (b"\xf4\x8f\xbf\xbd", {201}, "near the last of all"),
    (b"\xef\xbf\xbe", {201, 422}, "a noncharacter is a code point"), (b"\xef\xbf\xbd", {201}, "the replacement character"), (b"a\xcc\x88", {201}, "a letter and a mark"),
    (b"\xe2\x80\x8f", {201, 422}, "a mark of direction"), (b"\xc2\x85", {422}, "a control character of two bytes"), (b"\xef\xbb\xbf", {201, 422}, "a mark within"),
    (b"\x80", {400}, "continues nothing"), (b"\xbf", {400}, "the same"), (b"\xc3", {400}, "goes on with no continuation"), (b"\xe2\x82", {400}, "ends too early"),
    (b"\xf0\x9f\x98", {400}, "the same"), (b"\xc0\x80", {400}, "an overlong zero"), (b"\xc1\xbf", {400}, "overlong"), (b"\xe0\x80\xaf", {400}, "overlong"),
    (b"\xf0\x80\x80\xaf", {400}, "overlong"), (b"\xed\xa0\x80", {400}, "a surrogate"), (b"\xed\xbf\xbf", {400}, "the same"), (b"\xed\xa0\xbd\xed\xb8\x80", {400}, "two of them (CESU-8)"),
    (b"\xf4\x90\x80\x80", {400}, "past the last code point"), (b"\xf5\x80\x80\x80", {400}, "the same"), (b"\xfe", {400}, "never a byte of UTF-8"), (b"\xff", {400}, "the same"),
    (b"\xf8\x88\x80\x80\x80", {400}, "five bytes"), (b"\xe4", {400}, "Latin-1"))]
UTF8 += [
    ("UTF-16", create(NAME.decode().encode("utf-16")), {400}, "RFC 8259, 8.1: UTF-8"),
    ("UTF-16 without a mark", create(NAME.decode().encode("utf-16-le")), {400}, "the same"),
    ("UTF-32", create(NAME.decode().encode("utf-32-be")), {400}, "the same"),
    ("a name that is no UTF-8", create(b'{"n\xffme":"Acme"}'), {400}, "the same"),
]

TYPES = [(f"Content-Type {kind!r}", create(NAME, *([f"Content-Type: {kind}"] if kind is not None else ["X-A: b"])), statuses, why) for kind, statuses, why in (
    ("application/json", {201}, "JSON"), ("Application/JSON", {201}, "types have no case"), ("application/json; charset=utf-8", {201}, "what it is anyway"),
    ('application/json;charset="UTF-8"', {201}, "the same in quotes"), ("application/json; x=y", {201}, "other parameters do not matter"), (None, {201}, "nobody says anything else"),
    ("application/json; charset=latin1", {415}, "it is not"), ("application/json; charset=utf-16", {415}, "it is not"), ("text/json", {415}, "not registered"),
    ("application/jsonx", {415}, "another"), ("application/merge-patch+json", {415}, "for changes only"), ("text/plain", {415}, "another"), ("nonsense", {415}, "no type"),
    ("", {415}, "no type"), ("application/x-www-form-urlencoded", {415}, "another"), ("multipart/form-data; boundary=x", {415}, "another"), ("*/*", {415}, "no type of a body"))]


class Connection:
    """A socket and what came over it."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.data, self.open = b"", True

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # it was closed: what it said before that counts

    def more(self):
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        self.open = bool(data)
        self.data += data
        return self.open

    def answer(self, head=False):
        """(status, headers, body) of the next one; None when there is none."""
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                return None
        top, self.data = self.data.split(b"\r\n\r\n", 1)
        found = re.match(rb"HTTP/1\.[01] (\d{3})", top)
        if not found:
            return None
        status = int(found.group(1))
        if status == 100:
            return self.answer(head)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(b":") for line in top.split(b"\r\n")[1:])}
        length = 0 if head or status in (204, 304) else int(headers.get(b"content-length", b"0"))
        while len(self.data) < length and self.more():
            pass
        body, self.data = self.data[:length], self.data[length:]
        return status, headers, body


def judge(answer, connection, expected):
    """What is wrong, or None."""
    if answer is None and not connection.open and None in expected:
        return None
    if answer is None:
        return "closed without an answer" if not connection.open else f"no answer in {WAIT_SECONDS} s"
    status, headers, body = answer
    if status not in expected:
        return f"{status} instead of {' or '.join(sorted(map(str, expected)))}: {body[:300]!r}"
    if status >= 400:
        error = json.loads(body)
        if set(error) != {"error", "message", "details", "timestamp", "traceId"}:
            return f"an error of another form: {body[:300]!r}"
    if status == 405 and b"allow" not in headers:
        return "405 without Allow"
    return None


def follow(connection, headers, body):
    """A second request behind the first: what is wrong with what came of it, or None."""
    if headers.get(b"connection", b"").lower() == b"close":
        while connection.open and connection.more():
            pass
        if connection.data:
            return f"bytes behind an answer that closes: {connection.data[:200]!r}"
        return "says that it closes, and does not" if connection.open else None
    connection.send(request("GET /readyz?second=1 HTTP/1.1"))
    second = connection.answer()
    if second is None:
        return None if not connection.open else "the next request has no answer"
    if second[0] != 400 or b"second" not in second[2]:
        return f"the next request was taken for another: {second[0]} {second[2][:200]!r}"
    return f"more answers than requests: {connection.data[:200]!r}" if connection.data else None


def run_case(port, data, expected):
    connection = Connection(port)
    try:
        connection.send(data)
        answer = connection.answer(head=data.startswith(b"HEAD"))
        if answer and answer[0] == 413 and b"Expect" in data:
            return judge(answer, connection, expected)
        return judge(answer, connection, expected) or (answer and follow(connection, *answer[1:]))
    finally:
        connection.socket.close()


# name, pieces, statuses, why; the writing side is closed behind the last piece
CUT = [
    ("half a request line", [b"GET /li"], {400, None}, "nothing was asked"),
    ("half a head", [b"GET /livez HTTP/1.1\r\nHost: x\r\n"], {400, None}, "the same"),
    ("half a body", [post("Content-Length: 500")], {400, None}, "the rest does not come"),
    ("half a chunk", [chunked(b"ff\r\nabc")], {400, None}, "the same"),
    ("no last chunk", [chunked(CHUNK)], {400, None}, "the same"),
    ("a whole request, and no more", [request(GET)], {200}, "the answer can still be read"),
    ("a whole change, and no more", [create(NAME)], {201}, "the same"),
]


def run_cut(port, pieces, expected):
    connection = Connection(port)
    try:
        for piece in pieces:
            connection.send(piece)
        connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.answer()
        while answer is None and connection.open and connection.more():
            pass
        status = answer[0] if answer else None
        if status not in expected:
            return f"{status} instead of {expected}"
        return f"still open after {WAIT_SECONDS} s" if answer is None and connection.open else None
    finally:
        connection.socket.close()


def read_metrics(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: asking.recv(65536), b""))


def count_connections(port):
    """Behind all that those before it left to be closed, this one is left."""
    return int(re.search(rb"^customer360_http_connections (\d+)", read_metrics(port), re.M)[1])


def failures(port):
    """Whatever was sent is the peer's fault: nothing is counted among the service's failures."""
    answered = re.findall(rb'^customer360_http_requests_total\{route="(.*)",status="(.)xx"\} (\d+)', read_metrics(port), re.M)
    if not any(status == b"4" for _, status, _ in answered):
        return "no refusal is counted at all"
    return [(route.decode(), int(count)) for route, status, count in answered if status == b"5" and int(count)]


def closed_behind_a_request(port):
    """A peer that closes with its request is gone soon, and not when it has been idle for too long."""
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as gone:
            gone.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            gone.shutdown(socket.SHUT_WR)
            gone.recv(65536)
    until = time.monotonic() + 30
    while count_connections(port) > 10:
        if time.monotonic() > until:
            return f"{count_connections(port)} connections are left"
        time.sleep(0.2)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    groups = [("HTTP", HTTP, run_case), ("JSON", JSON, run_case), ("UTF-8", UTF8, run_case), ("media types", TYPES, run_case), ("cut off", CUT, run_cut)]
    service, failed = serve(options.binary, "memory:", ["--http-idle-timeout", f"{IDLE_SECONDS}s", "--http-drain-timeout", "1s"]), 0
    try:
        for group, cases, run in groups:
            wrong = []
            for name, data, expected, why in cases:
                if options.names and name not in options.names:
                    continue
                problem = run(service.port, data, expected)
                if problem:
                    wrong.append(f"  {name} ({why}): {problem}")
            if service.process.poll() is not None:
                wrong.append("  the service ended\n" + service.tail())
            failed += len(wrong)
            print(f"{'not ok' if wrong else 'ok'} - {group}: {len(cases)} corner cases")
            print("\n".join(wrong), end="\n" if wrong else "", flush=True)
        counted = failures(service.port)
        failed += bool(counted)
        print(f"not ok - counted as failures: {counted}" if counted else "ok - nothing counted as a failure", flush=True)
    finally:
        service.stop()
    service = serve(options.binary, "memory:", ["--http-idle-timeout", "300s"])
    try:
        left = closed_behind_a_request(service.port)
        failed += bool(left)
        print(f"not ok - closed behind a request: {left}" if left else "ok - closed behind a request", flush=True)
    finally:
        service.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
