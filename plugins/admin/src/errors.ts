import { ElpisError } from "@elpis/api";

/** An answer that is none of success. `status` is that of HTTP. */
export class Refusal extends ElpisError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(code, message, { details: { status } });
    this.status = status;
  }
}

/** The request is not meant for this server: the name under which it was reached is not one of ours. */
export function foreignHost(host: string | undefined): Refusal {
  const shown = (host ?? "none").slice(0, 100);
  return new Refusal(
    421,
    "ELPIS_ADMIN_HOST",
    `The host ${shown} is not served here; use 127.0.0.1, localhost, or a name in the option hosts.`,
  );
}

/** A page of somebody else asks. */
export function foreignOrigin(origin: string): Refusal {
  return new Refusal(
    403,
    "ELPIS_ADMIN_ORIGIN",
    `Pages of ${origin.slice(0, 100)} may not ask; only those that come from here.`,
  );
}

/** No token, or a wrong one. */
export function noToken(): Refusal {
  return new Refusal(
    401,
    "ELPIS_ADMIN_TOKEN",
    "This needs the token, as `authorization: Bearer …`; it is in admin.token in the runtime folder of the application.",
  );
}

/** A body that a form of any page could send. */
export function wrongType(): Refusal {
  return new Refusal(
    415,
    "ELPIS_ADMIN_CONTENT_TYPE",
    "The body has to be JSON, with `content-type: application/json`.",
  );
}

/** Too long to be meant. */
export function longUrl(length: number): Refusal {
  return new Refusal(414, "ELPIS_ADMIN_URL", `The URL has ${length} characters; 4096 are read.`);
}

/** There is no such thing. */
export function notFound(what: string): Refusal {
  return new Refusal(404, "ELPIS_ADMIN_NOT_FOUND", what);
}

/** The body, or a part of the URL, makes no sense. */
export function badInput(what: string): Refusal {
  return new Refusal(400, "ELPIS_ADMIN_INPUT", what);
}

/** The server cannot listen. */
export function cannotListen(where: string, cause: Error): ElpisError {
  return new ElpisError(
    "ELPIS_ADMIN_LISTEN",
    `The admin server cannot listen on ${where}: ${cause.message}. Choose another port, or leave it out.`,
    { details: { where }, cause },
  );
}

/** A file that holds a secret could be read by others, or is not a file. */
export function unsafeToken(file: string, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_ADMIN_TOKEN_FILE",
    `The token in ${file} cannot be used: ${why}. Remove the file; a new one is made.`,
    { details: { file } },
  );
}
