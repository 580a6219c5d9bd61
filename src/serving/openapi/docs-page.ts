import { hasher } from "../../base/hash.js";

const style = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; --accent: #0b62c4; --good: #1a7f37; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; --accent: #6cb2ff; --good: #57c374; --bad: #ff8a80 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem } p { margin: .4rem 0 }
details { border: 1px solid var(--line); border-radius: 6px; margin: .35rem 0 }
summary { cursor: pointer; padding: .45rem .7rem; display: flex; gap: .7rem; flex-wrap: wrap }
summary b { width: 4.2rem; color: var(--accent) } summary code { font-weight: 600; overflow-wrap: anywhere } summary span { color: var(--dim) }
details > div { padding: .2rem .8rem .8rem; border-top: 1px solid var(--line) }
label { display: block; margin: .5rem 0; color: var(--dim) }
input, select, textarea, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 5px; padding: .3rem .5rem }
select option { background: Canvas } textarea { width: 100%; font: 13px/1.45 ui-monospace, monospace } input { width: 16rem; max-width: 100% }
button { background: var(--accent); color: Canvas; border: 0; padding: .4rem 1.1rem; cursor: pointer }
pre { overflow: auto; max-height: 26rem; border: 1px solid var(--line); border-radius: 5px; padding: .6rem; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.ok { color: var(--good) } .bad { color: var(--bad) } .dim { color: var(--dim) }
table { border-collapse: collapse; width: 100%; font-size: 14px } td, th { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line) }
`;

const script = `
"use strict";
const make = (name, props = {}, ...children) => {
  const node = Object.assign(document.createElement(name), props);
  node.append(...children.filter((child) => child !== undefined));
  return node;
};
const main = document.querySelector("main");
const key = document.querySelector("#key");
let spec;
const headersOf = (more) => ({ ...more, ...(key.value === "" ? {} : { authorization: "Bearer " + key.value }) });
const resolve = (schema) =>
  schema !== undefined && schema.$ref !== undefined ? spec.components.schemas[schema.$ref.split("/").pop()] : schema;
const exampleOf = (schema) => {
  if (schema === undefined) return "";
  if (schema.examples !== undefined) return schema.examples[0];
  const found = resolve(schema);
  if (found.examples !== undefined) return found.examples[0];
  if (found.anyOf !== undefined) return exampleOf(found.anyOf[0]);
  if (found.type === "array") return [exampleOf(found.items)];
  if (found.type === "object")
    return Object.fromEntries(Object.entries(found.properties ?? {}).map(([name, of]) => [name, exampleOf(of)]));
  return found.default ?? (found.type === "integer" || found.type === "number" ? 0 : "");
};
const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
const typeOf = (schema) => [schema.type ?? "any"].flat().join(" or ") + (schema.format === undefined ? "" : " (" + schema.format + ")");
const rangeOf = (schema) => {
  const parts = [];
  if (schema.enum !== undefined) parts.push(schema.enum.map((one) => JSON.stringify(one)).join(", "));
  else if (schema.examples !== undefined) parts.push("such as " + schema.examples.map((one) => JSON.stringify(one)).join(", "));
  if (schema.minimum > Number.MIN_SAFE_INTEGER) parts.push("from " + schema.minimum);
  if (schema.exclusiveMinimum !== undefined) parts.push("above " + schema.exclusiveMinimum);
  if (schema.maximum < Number.MAX_SAFE_INTEGER) parts.push("to " + schema.maximum);
  if (schema.exclusiveMaximum !== undefined) parts.push("below " + schema.exclusiveMaximum);
  if (schema.multipleOf !== undefined) parts.push("multiples of " + schema.multipleOf);
  return parts.join(" ");
};
const recordTable = () => {
  const { properties, required = [] } = spec.components.schemas.Record;
  const row = (cell, texts) => make("tr", {}, ...texts.map((textContent) => make(cell, { textContent })));
  const rows = Object.entries(properties).map(([name, schema]) =>
    row("td", [name, typeOf(schema), required.includes(name) ? "yes" : "", rangeOf(schema), schema.description ?? ""]));
  const head = make("thead", {}, row("th", ["column", "type", "required", "allowed", "meaning"]));
  return make("details", {}, make("summary", {}, make("b", { textContent: "Record" }), make("span", { textContent: "the columns of the contract" })),
    make("div", {}, make("table", {}, head, make("tbody", {}, ...rows))));
};
const operation = (method, path, about, shared) => {
  const inputs = [...shared, ...(about.parameters ?? [])].map((parameter) => ({
    parameter,
    field: make("input", { value: parameter.example ?? "", placeholder: typeOf(parameter.schema) }),
  }));
  const fields = inputs.map(({ parameter, field }) =>
    make("label", {}, parameter.name + (parameter.in === "path" ? " " : " (" + parameter.in + ") "), field, " ", parameter.description ?? ""));
  const forms = about.requestBody === undefined ? [] : Object.entries(about.requestBody.content);
  const form = make("select", {}, ...forms.map(([type]) => make("option", { textContent: type })));
  const body = make("textarea", { spellcheck: false });
  const fill = () => {
    body.value = textOf(exampleOf(forms[form.selectedIndex]?.[1].schema));
    body.rows = Math.min(30, body.value.split("\\n").length + 1);
  };
  form.addEventListener("change", fill);
  if (forms.length > 0) fill();
  const status = make("p");
  const answer = make("pre", { hidden: true });
  const button = make("button", { textContent: "Send" });
  button.addEventListener("click", async () => {
    let url = path;
    const query = new URLSearchParams();
    const more = forms.length === 0 ? {} : { "content-type": form.value };
    for (const { parameter, field } of inputs) {
      if (parameter.in === "path") url = url.replace("{" + parameter.name + "}", encodeURIComponent(field.value));
      else if (field.value === "") continue;
      else if (parameter.in === "query") query.set(parameter.name, field.value);
      else more[parameter.name] = field.value;
    }
    const search = query.size === 0 ? "" : "?" + query;
    const began = performance.now();
    try {
      const response = await fetch("." + url + search, {
        method,
        headers: headersOf(more),
        ...(forms.length === 0 ? {} : { body: body.value }),
      });
      const text = await response.text();
      status.className = response.ok ? "ok" : "bad";
      status.textContent = response.status + " " + response.statusText + " in " + Math.round(performance.now() - began) + " ms";
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Not JSON: as it came. */ }
      answer.textContent = shown;
    } catch (error) {
      status.className = "bad";
      status.textContent = "No answer: " + error.message;
      answer.textContent = "";
    }
    answer.hidden = answer.textContent === "";
  });
  return make("details", { id: method + path },
    make("summary", {}, make("b", { textContent: method }), make("code", { textContent: path }), make("span", { textContent: about.summary })),
    make("div", {},
      about.description === undefined ? undefined : make("p", { textContent: about.description }),
      ...fields,
      ...(forms.length === 0 ? [] : [make("label", {}, "body as ", form), body]),
      button, status, answer));
};
const show = () => {
  main.replaceChildren(make("p", { className: "dim", textContent: spec.info.description }), recordTable());
  document.querySelector("h1").textContent = spec.info.title;
  const groups = new Map();
  for (const [path, { parameters = [], ...methods }] of Object.entries(spec.paths))
    for (const [method, about] of Object.entries(methods)) {
      const [tag] = about.tags;
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(method.toUpperCase(), path, about, parameters));
    }
  for (const [tag, operations] of groups) main.append(make("h2", { textContent: tag }), ...operations);
  main.querySelector("details[id]")?.setAttribute("open", "");
};
const load = async () => {
  const response = await fetch("./openapi.json", { headers: headersOf({}) });
  if (response.ok) {
    spec = await response.json();
    show();
    return;
  }
  const why = response.status === 401 || response.status === 403 ? "This server needs a key: enter one above." : "The document cannot be had: " + response.status;
  main.replaceChildren(make("p", { className: "bad", textContent: why }));
};
key.addEventListener("change", load);
load();
`;

const base64 = (hex: string): string =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))));
const sourceOf = (text: string): string => `'sha256-${base64(hasher().update(text).hex())}'`;

/**
 * The page under /docs and the policy that it keeps: it runs its own script and style alone, and asks nobody but the server it
 * came from. It holds nothing of the model, which it reads from /openapi.json.
 */
export function docsPage(): { readonly html: string; readonly policy: string } {
  const html =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>API</title><style>${style}</style></head><body><h1>API</h1>` +
    `<label>API key, where the server needs one <input id="key" type="password" autocomplete="off"></label>` +
    `<main><p>Loading ...</p></main><script>${script}</script></body></html>`;
  const policy =
    `default-src 'none'; script-src ${sourceOf(script)}; style-src ${sourceOf(style)}; connect-src 'self'; ` +
    `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { html, policy };
}
