// node clear_sign.mjs KEY < statement.txt > response.asc
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

process.stdout.write(
  await openpgp.sign({
    message: await openpgp.createCleartextMessage({ text: readFileSync(0, 'utf8') }),
    signingKeys: await openpgp.readPrivateKey({ armoredKey: readFileSync(process.argv[2], 'utf8') }),
  }),
);
