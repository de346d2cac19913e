#!/usr/bin/env node
// Here before anything is built, so that npm links the command in a fresh checkout too.
import "../dist/bin.js";
