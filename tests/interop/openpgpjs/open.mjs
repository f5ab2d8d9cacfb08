// node open.mjs KEY [SERVER_CERTIFICATE SERVER_KEY] < challenge.asc > statement.txt
//
// Opens a challenge message with KEY. Where a server is given it writes the statement only if the signature inside is by
// the key of the fingerprint SERVER_KEY, whose certificate is in the file.
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const [keyFile, serverFile, serverKey] = process.argv.slice(2);
const options = {
  message: await openpgp.readMessage({ armoredMessage: readFileSync(0, 'utf8') }),
  decryptionKeys: await openpgp.readPrivateKey({ armoredKey: readFileSync(keyFile, 'utf8') }),
};
if (serverFile) {
  options.verificationKeys = await openpgp.readKey({ armoredKey: readFileSync(serverFile, 'utf8') });
  options.expectSigned = true;
  const found = options.verificationKeys.getFingerprint().toUpperCase();
  if (found !== serverKey) throw new Error(`${serverFile} is the certificate of ${found}`);
}
const { data } = await openpgp.decrypt(options);
process.stdout.write(data);
