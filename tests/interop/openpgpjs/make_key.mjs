// node make_key.mjs TYPE 'NAME <ADDRESS>': the secret key on standard output, its certificate in alice.asc.
//
// TYPE is `ecc` (Ed25519 as programs have made it since GnuPG 2.1), `rsa` (3072 bits), `curve25519` (Ed25519 as RFC 9580
// has it) or `v6` (a key of version 6).
import { writeFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const kinds = {
  ecc: { type: 'ecc', curve: 'curve25519Legacy' },
  rsa: { type: 'rsa', rsaBits: 3072 },
  curve25519: { type: 'curve25519' },
  v6: { type: 'curve25519', config: { v6Keys: true } },
};
const [type, userId] = process.argv.slice(2);
const [, name, email] = userId.match(/^(.*) <(.*)>$/);
const made = await openpgp.generateKey({ ...kinds[type], userIDs: [{ name, email }], format: 'armored' });
writeFileSync('alice.asc', made.publicKey);
process.stdout.write(made.privateKey);
