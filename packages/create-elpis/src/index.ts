export { type Created, type CreateOptions, create } from "./create.ts";
export { CreateError } from "./errors.ts";
export { TEMPLATES } from "./templates.ts";
