// The tour of the README through the generated TypeScript client: node tour.js http://127.0.0.1:PORT
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2], redirect: "manual" });
const base = "/api/v1/crm/customers" as const;

const made = await client.POST(base, { params: { header: { "Idempotency-Key": "ts-acme" } }, body: { name: "Acme Corp", emails: ["info@ts.example"] } });
const again = await client.POST(base, { params: { header: { "Idempotency-Key": "ts-acme" } }, body: { name: "Acme Corp", emails: ["info@ts.example"] } });
assert(made.data && again.data);
assert.equal(again.data.customerId, made.data.customerId);
const refused = await client.POST(base, { body: { name: "ACME corp", emails: ["INFO@ts.example"] } });
assert.equal(refused.response.status, 409);
assert(refused.error && "error" in refused.error && refused.error.error === "DUPLICATE_CUSTOMER");

const customerId = made.data.customerId;
const contact = await client.POST("/api/v1/crm/customers/{customerId}/contacts", { params: { path: { customerId } }, body: { name: "Jane Doe", role: "BILLING" } });
assert.equal(contact.data?.name, "Jane Doe");
const other = await client.POST(base, { body: { name: "Acme Corporation", emails: ["sales@ts.example"] } });
assert(other.data);

const request = { params: { path: { customerId } }, body: { sourceCustomerId: other.data.customerId, mergeReason: "DUPLICATE" } };
const preview = await client.POST("/api/v1/crm/customers/{customerId}/merge/preview", request);
assert(preview.data);
const merge = await client.POST("/api/v1/crm/customers/{customerId}/merge", { ...request, body: { ...request.body, planToken: preview.data.planToken } });
assert.deepEqual([...(merge.data?.profile.emails ?? [])].sort(), ["info@ts.example", "sales@ts.example"]);
const gone = await client.GET("/api/v1/crm/customers/{customerId}", { params: { path: { customerId: other.data.customerId } } });
assert.equal(gone.response.status, 307);
const changed = await client.PATCH("/api/v1/crm/customers/{customerId}", { params: { path: { customerId } }, body: { website: "https://ts.example" }, headers: { "Content-Type": "application/merge-patch+json" } });
assert.equal(changed.data?.website, "https://ts.example");
const unmerged = await client.POST("/api/v1/crm/customers/{customerId}/merges/{mergeId}/reverse", { params: { path: { customerId, mergeId: merge.data?.mergeId ?? "" } } });
assert.equal(unmerged.data?.profile?.customerId, other.data.customerId);

await client.POST("/api/v1/crm/customers/{customerId}/consent", { params: { path: { customerId } }, body: { type: "EMAIL", status: "GRANTED" } });
const checked = await client.POST("/api/v1/crm/consent/check", { body: { checks: [{ customerId, type: "EMAIL" }] } });
assert.equal(checked.data?.results[0]?.allowed, true);
const page = await client.GET(base, { params: { query: { limit: 1 } } });
assert.equal(page.data?.items.length, 1);
assert(page.data?.next);
