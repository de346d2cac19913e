/** Whether this Node can have several processes bind one port, and the system spreads connections over them. */
export function hasReusePort(
  version: string = process.versions.node,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (platform !== "linux" && platform !== "freebsd") return false;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
