// node judge.mjs openapi.json < exchanges.json
//
// Holds calls and their answers against a description: [{path, method, sent_type, sent, status, type, body, headers}],
// where `path` is the description's own. Writes a line for each thing that is otherwise than described, and ends with 1
// where there is one. What is answered must be described to the last member.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const api = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);

// The parts of an allOf look at the same members, so that the whole of it is closed and none of them.
function closed(schema, isPart = false) {
  if (Array.isArray(schema)) return schema.map((one) => closed(one));
  if (schema === null || typeof schema !== 'object') return schema;
  const out = {};
  for (const [name, value] of Object.entries(schema)) {
    out[name] = name === 'allOf' ? value.map((one) => closed(one, true)) : closed(value);
  }
  if (!isPart && (schema.type === 'object' || schema.allOf)) out.unevaluatedProperties = false;
  return out;
}

function faultsOf(schema, value) {
  const check = ajv.compile(closed(schema));
  return check(value) ? [] : check.errors.map((e) => `${e.instancePath || 'the whole'} ${e.message} ${JSON.stringify(e.params)}`);
}

function valueOf(type, text) {
  if (type.endsWith('json')) return JSON.parse(text);
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text));
  return text;
}

// Of the content that is described, by its type without parameters.
function faultsOfContent(content, type, text) {
  const bare = (type ?? '').split(';')[0];
  if (!content) return text ? ['has a body, and none is described'] : [];
  if (!content[bare]) return [`has the type '${bare}', which is not described`];
  return faultsOf(content[bare].schema, valueOf(bare, text));
}

function faultsOfExchange(one) {
  const operation = api.paths[one.path]?.[one.method];
  if (!operation) return ['is not described'];
  const response = operation.responses[one.status] ?? operation.responses.default;
  const faults = faultsOfContent(response.content, one.type, one.body);
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const value = one.headers[name.toLowerCase()];
    if (value === undefined) faults.push(`has no header ${name}`);
    else faults.push(...faultsOf(header.schema, value).map((fault) => `${name}: ${fault}`));
  }
  // What was refused need not have been of the form.
  if (one.status < 300) faults.push(...faultsOfContent(operation.requestBody?.content, one.sent_type, one.sent).map((fault) => `sent: ${fault}`));
  return faults;
}

let wrong = 0;
for (const one of JSON.parse(readFileSync(0, 'utf8'))) {
  for (const fault of faultsOfExchange(one)) {
    console.log(`${one.method} ${one.path} ${one.status}: ${fault}`);
    ++wrong;
  }
}
process.exit(wrong === 0 ? 0 : 1);
