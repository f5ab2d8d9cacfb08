// node describe.mjs openapi.yaml RESOLVED
//
// Validates a description against the schema of OpenAPI, and writes it to RESOLVED as JSON with every reference
// resolved. Prints a line a call: `METHOD PATH OPERATION bearer|open body|-`.
import { writeFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';

const [description, resolved] = process.argv.slice(2);
const validator = new Validator();
const { valid, errors } = await validator.validate(description);
if (!valid) {
  console.error(JSON.stringify(errors, null, 1));
  process.exit(1);
}
const api = validator.resolveRefs();
writeFileSync(resolved, JSON.stringify(api));
for (const [path, item] of Object.entries(api.paths)) {
  for (const [method, call] of Object.entries(item)) {
    const guard = (call.security ?? api.security).some((one) => 'bearer' in one) ? 'bearer' : 'open';
    console.log(`${method} ${path} ${call['x-operation'] ?? call.operationId} ${guard} ${call.requestBody ? 'body' : '-'}`);
  }
}
