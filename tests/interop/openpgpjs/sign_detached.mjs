// node sign_detached.mjs KEY < statement.txt > signature.asc
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

process.stdout.write(
  await openpgp.sign({
    // As binary: the signature is over the bytes as they are.
    message: await openpgp.createMessage({ binary: readFileSync(0) }),
    signingKeys: await openpgp.readPrivateKey({ armoredKey: readFileSync(process.argv[2], 'utf8') }),
    detached: true,
  }),
);
