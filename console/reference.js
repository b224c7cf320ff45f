// Renders the API reference from /openapi.json: plain elements, no library.
"use strict";

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

function referenceName(schema) {
  return schema && schema.$ref ? schema.$ref.split("/").pop() : null;
}

function typeOf(schema) {
  if (!schema || Object.keys(schema).length === 0) return "any value";
  const name = referenceName(schema);
  if (name) return element("a", { href: "#schema-" + name }, name);
  if (schema.type === "array") {
    return element("span", {}, "list of ", typeOf(schema.items));
  }
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type || "object";
  return schema.enum ? schema.enum.join(" | ") : type + (schema.format ? " (" + schema.format + ")" : "");
}

function table(caption, heads, rows) {
  if (rows.length === 0) return null;
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  return element("div", {}, element("h4", {}, caption),
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

function properties(schema, depth) {
  const rows = [];
  for (const [name, value] of Object.entries(schema.properties || {})) {
    const needed = (schema.required || []).includes(name) ? " (required)" : "";
    rows.push(["\u00a0\u00a0".repeat(depth) + name + needed, typeOf(value), value.description || ""]);
    const inner = value.type === "array" ? value.items : value;
    if (inner && inner.properties) rows.push(...properties(inner, depth + 1));
  }
  return rows;
}

function contentRows(content) {
  return Object.entries(content || {}).map(([media, value]) => [media, typeOf(value.schema)]);
}

function operation(path, method, detail) {
  const id = "op-" + detail.operationId;
  const parameters = (detail.parameters || []).map((p) =>
    [p.name, p.in + (p.required ? ", required" : ""), typeOf(p.schema), p.description || ""]);
  const answers = Object.entries(detail.responses).map(([status, answer]) => {
    const content = Object.values(answer.content || {})[0];
    return [status, answer.description, content ? typeOf(content.schema) : ""];
  });
  const permission = detail["x-permission"];
  const body = element("div", {},
    permission ? element("p", {}, "Permission: ", element("code", {}, permission))
      : element("p", {}, "Asks for no identity."),
    table("Parameters", ["name", "where", "type", "meaning"], parameters),
    detail.requestBody ? table("Body", ["media type", "shape"], contentRows(detail.requestBody.content)) : null,
    table("Answers", ["status", "meaning", "body"], answers));
  const summary = element("summary", {},
    element("span", { class: "method " + method }, method.toUpperCase()),
    element("code", {}, path), element("span", { class: "what" }, detail.summary));
  const made = element("details", { id: id }, summary, body);
  made.dataset.text = [method, path, detail.summary, detail.operationId, permission || ""].join(" ").toLowerCase();
  return made;
}

function render(api) {
  document.getElementById("about").textContent = api.info.description + "\n\nVersion " + api.info.version;
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, detail] of Object.entries(methods)) {
      const tag = detail.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, detail));
    }
  }
  const reference = document.getElementById("reference");
  const contents = element("ul");
  for (const [tag, operations] of groups) {
    contents.append(element("li", {}, element("a", { href: "#tag-" + tag }, tag)));
    reference.append(element("section", { "aria-labelledby": "tag-" + tag },
      element("h2", { id: "tag-" + tag }, tag), ...operations));
  }
  contents.append(element("li", {}, element("a", { href: "#schemas-title" }, "shapes")));
  document.getElementById("contents").append(contents);
  const schemas = document.getElementById("schemas");
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const rows = properties(schema, 0);
    schemas.append(element("details", { id: "schema-" + name },
      element("summary", {}, element("h3", {}, name)),
      element("div", {}, table("Members", ["name", "type", "allowed"], rows) || schema.description || "An object.")));
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView(); // the browser looked for it before it was there
}

function filter() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of document.querySelectorAll("#reference details")) {
    one.hidden = !words.every((word) => one.dataset.text.includes(word));
    if (!one.hidden) shown++;
  }
  for (const group of document.querySelectorAll("#reference section"))
    group.hidden = !group.querySelector("details:not([hidden])");
  document.getElementById("count").textContent = words.length ? shown + " requests" : "";
}

async function start() {
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error("HTTP " + answer.status);
    render(await answer.json());
    openTarget();
    filter();
  } catch (failure) {
    document.getElementById("about").textContent = "The description could not be loaded: " + failure.message;
  }
}

document.getElementById("filter").addEventListener("input", filter);
window.addEventListener("hashchange", openTarget);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement.tagName !== "INPUT") {
    event.preventDefault();
    document.getElementById("filter").focus();
  }
});
start();
