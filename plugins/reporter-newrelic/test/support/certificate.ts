import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate for `localhost` that signs itself. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly file: string;
}

/** Makes a certificate in a folder, with openssl. */
export async function makeCertificate(dir: string): Promise<Certificate> {
  const file = join(dir, "cert.pem");
  const keyFile = join(dir, "key.pem");
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", keyFile, "-out", file],
  ]);
  const [key, cert] = await Promise.all([readFile(keyFile, "utf8"), readFile(file, "utf8")]);
  return { key, cert, file };
}
