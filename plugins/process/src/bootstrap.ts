import { boot } from "./worker/boot.ts";

// Loaded with `--import` before the entry of every process that Elpis starts; anywhere else it does nothing. It is the
// one file with a top-level await: the entry must not begin before its process has joined the hub.
await boot(import.meta.url);
