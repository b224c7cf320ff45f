"""Traces, from a request through Kafka and back to a webhook, as a collector gets them."""
import json

import inputs
import topics
from collector import Collector
from servers.api import Api
from servers.service import API
from receiver import Receiver

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
WEBHOOKS = ["--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http"]


def parts(traceparent):
    version, trace, span, flags = traceparent.split("-")
    assert version == "00" and len(trace) == 32 and len(span) == 16, traceparent
    return trace, span, flags


def published(place, prefix, count):
    """[(event type, its traceparent)] of the first so many events."""
    reader = topics.Reader(place.broker.brokers, prefix)
    found = reader.read_until(count)
    reader.close()
    return {topics.headers(m)["ce_type"].rsplit(".", 1)[1]: topics.headers(m).get("traceparent") for m in found}


def find(spans, **wanted):
    found = [span for span in spans if all(span[name] == told for name, told in wanted.items())]
    assert len(found) == 1, (wanted, found)
    return found[0]


def check_request(spans):
    request = find(spans, kind="SERVER")
    assert request["parent"] == CALLER and request["name"] == "POST /api/v1/crm/customers", request
    assert request["attributes"] == {
        "http.request.method": "POST", "url.scheme": "http", "http.route": f"{API}/customers", "url.path": f"{API}/customers",
        "http.response.status_code": 201}, request
    stored = find(spans, name="store.write", parent=request["id"])
    assert stored["kind"] == "CLIENT" and stored["attributes"] == {"db.system.name": "sqlite"}, stored
    assert 0 < stored["took_ns"] <= request["took_ns"]
    return request


def check_published(spans, parent, topic, count=1):
    sent = find(spans, kind="PRODUCER", parent=parent)
    assert sent["name"] == f"send {topic}" and sent["attributes"] == {
        "messaging.system": "kafka", "messaging.operation.name": "send", "messaging.operation.type": "send",
        "messaging.destination.name": topic, "messaging.batch.message_count": count}, sent


def check_delivered(spans, parent, receiver):
    """The span of the delivery is what the receiver is told."""
    sent = find(spans, name="POST", parent=parent)
    assert sent["kind"] == "CLIENT" and sent["attributes"]["http.response.status_code"] == 204, sent
    assert sent["attributes"]["server.address"] == "127.0.0.1" and not sent["failed"], sent
    assert f"00-{TRACE}-{sent['id']}-01" in [request.headers["traceparent"] for request in receiver.requests]


def check_consumed(spans, parent, prefix):
    taken = find(spans, kind="CONSUMER")
    topic = inputs.topic(prefix, "blocks")
    assert taken["parent"] == parent and taken["name"] == f"process {topic}", taken
    attributes = taken["attributes"]
    assert attributes.pop("messaging.destination.partition.id") in ("0", "1", "2")
    assert attributes == {
        "messaging.system": "kafka", "messaging.operation.name": "process", "messaging.operation.type": "process",
        "messaging.destination.name": topic, "messaging.consumer.group.name": f"{prefix}crm-customer360-cg",
        "messaging.kafka.offset": 0}, taken
    return taken


def one_trace_leads_from_a_request_through_kafka_to_webhooks(place):
    prefix, collector, receiver = "ct.", Collector(), Receiver()
    inputs.make_topics(place.broker.brokers, prefix)
    service = place.service(prefix, *inputs.flags(prefix), *WEBHOOKS, "--traces-endpoint", collector.endpoint, "--traces-sample-ratio", "0")
    api, sender = Api(service.port), inputs.Sender(place.broker.brokers, prefix)
    api.ask("POST", "/webhooks", {"url": receiver.url})
    status, _ = api.request("POST", f"{API}/customers", {"customerId": "PERSON-1", "name": "Ann Lee", "emails": ["ann@lee.example"]},
                            headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert status == 201
    created = published(place, prefix, 1)["CustomerProfileCreatedEvent"]
    # A neighbour does its part of it, and tells.
    sender.send("blocks", "PERSON-1", inputs.as_json("blocks", "e-1", {"customerId": "PERSON-1", "reason": "unpaid"}),
                headers=[("traceparent", created.encode())])
    sender.flush()
    updated = published(place, prefix, 2)["CustomerProfileUpdatedEvent"]
    inputs.until(lambda: receiver.count, 2)
    spans = inputs.until(collector.spans, lambda found: len(found) >= 7)
    assert {span["trace"] for span in spans} == {TRACE} and not any(span["failed"] for span in spans), spans
    request = check_request(spans)
    assert parts(created) == (TRACE, request["id"], "01"), "the request's own span is what its events name"
    check_published(spans, request["id"], f"{prefix}crm.customer360.profile.created")
    check_delivered(spans, request["id"], receiver)
    taken = check_consumed(spans, request["id"], prefix)
    assert parts(updated) == (TRACE, taken["id"], "01")
    check_published(spans, taken["id"], f"{prefix}crm.customer360.profile.updated")
    check_delivered(spans, taken["id"], receiver)
    assert len(spans) == 7, spans
    check_the_rest(api, collector)
    service.stop()
    collector.stop()
    receiver.stop()


def check_a_repeated_request(api, collector):
    """What a key is for holds for a request that is recorded, too."""
    count = len(collector.spans())
    again = {"traceparent": f"00-{TRACE}-{CALLER}-01", "Idempotency-Key": "once"}
    first, second = (api.request("POST", f"{API}/customers", {"name": "Bob Ray"}, headers=again) for _ in range(2))
    assert first == second and first[0] == 201, (first, second)
    spans = inputs.until(collector.spans, lambda found: len(found) >= count + 6)[count:]
    assert sorted(span["name"] for span in spans if span["name"].startswith("store.") or span["kind"] == "SERVER") == [
        "POST /api/v1/crm/customers", "POST /api/v1/crm/customers", "store.write", "store.write"], spans


def check_the_rest(api, collector):
    """Who tells; nothing of the person; what its caller does not record is not, and goes on as it came."""
    for resource in collector.resources():
        assert resource["service.name"] == "crm-customer360" and resource["service.version"] and len(resource["service.instance.id"]) == 36
    for text in collector.texts():
        assert not any(secret in text for secret in ("PERSON-1", "Ann", "ann@", "lee.example")), text
    count = len(collector.spans())
    silent = f"00-{TRACE}-{CALLER}-00"
    api.request("PATCH", f"{API}/customers/PERSON-1", {"segment": "SMB"}, headers={"traceparent": silent})
    api.request("GET", f"{API}/customers/PERSON-1")
    status, text = api.request("GET", f"{API}/customers/NOBODY", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert status == 404 and json.loads(text)["traceId"] == TRACE
    spans = inputs.until(collector.spans, lambda found: len(found) >= count + 2)[count:]
    assert {span["name"] for span in spans} == {"GET /api/v1/crm/customers/{customerId}", "store.lookup"}, spans
    assert find(spans, kind="SERVER")["attributes"]["http.response.status_code"] == 404
    check_a_repeated_request(api, collector)
    api.await_metric('customer360_trace_spans_total{outcome="exported"}', len(collector.spans()))
    for lost in ("no_room", "refused", "given_up"):
        assert api.metric(f'customer360_trace_spans_total{{outcome="{lost}"}}') == 0
