/** Finds what a source file imports: static, type-only, re-exported and dynamic alike. */
import ts from "typescript";

/** Specifiers in the order in which they appear. */
export function importsOf(text) {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The package behind a specifier: `@elpis/core/internal` → `@elpis/core`. */
export function packageOf(specifier) {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
