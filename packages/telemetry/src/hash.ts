/** FNV-1a over the characters of a text, as eight hexadecimal digits: the same everywhere, not for secrets. */
function hashText(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A text of at most `max` characters; of a longer one its beginning and a hash, so that two long ones do not become one. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const hash = `~${hashText(text)}`;
  if (max <= hash.length) return hash.slice(0, max);
  let end = max - hash.length;
  // Half of a surrogate pair cannot be sent.
  if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1;
  return text.slice(0, end) + hash;
}

/** A text without halves of surrogate pairs, which UTF-8 has no place for. */
export function wellFormed(text: string): string {
  // Nearly all texts have none of either kind, which is quicker to see.
  return /[\uD800-\uDFFF]/.test(text) ? text.replaceAll(/\p{Surrogate}/gu, "\uFFFD") : text;
}
