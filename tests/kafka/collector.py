"""A collector of traces: what arrives must be OTLP as its Protobuf description has it.

    collector = Collector()        collector.endpoint, collector.spans(), collector.stop()
"""
import base64
import json
import os
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "webhooks"))
from receiver import Receiver  # noqa: E402

IDS = ("traceId", "spanId", "parentSpanId")


def as_protobuf(value):
    """Protobuf's mapping has bytes in base64; OTLP departs from it for ids, which are hexadecimal."""
    if isinstance(value, list):
        return [as_protobuf(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: base64.b64encode(bytes.fromhex(told)).decode() if name in IDS else as_protobuf(told) for name, told in value.items()}


def plain(attributes):
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}


class Collector(Receiver):
    @property
    def endpoint(self):
        return f"http://{self.host}:{self.port}/v1/traces"

    def texts(self):
        return [request.body.decode() for request in list(self.requests)]

    def parsed(self):
        """Raises when one is not of the description: unknown members, wrong types."""
        return [json_format.ParseDict(as_protobuf(json.loads(text)), ExportTraceServiceRequest()) for text in self.texts()]

    def resources(self):
        return [plain(spans.resource.attributes) for request in self.parsed() for spans in request.resource_spans]

    def spans(self):
        """[{trace, id, parent, name, kind, attributes, failed}]"""
        return [{"trace": span.trace_id.hex(), "id": span.span_id.hex(), "parent": span.parent_span_id.hex(), "name": span.name,
                 "kind": span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"), "attributes": plain(span.attributes),
                 "failed": span.status.code == 2, "took_ns": span.end_time_unix_nano - span.start_time_unix_nano}
                for request in self.parsed() for spans in request.resource_spans for scope in spans.scope_spans for span in scope.spans]
