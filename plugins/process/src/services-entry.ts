// What a process runs that has services and nothing else. They are started before it, and its hub ends it; all that is left
// is to stay. Services that need nothing from the event loop, such as a cache, would not keep the process alive.
setInterval(() => {}, 2 ** 30);
