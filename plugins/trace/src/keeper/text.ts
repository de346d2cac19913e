/** A text of at most `max` characters; of a longer one its beginning, which says that it goes on. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = max - 1;
  // Half of a surrogate pair cannot be sent.
  const isHalf = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, isHalf ? end - 1 : end)}…`;
}
