// A bad version of the application: it runs, and never listens.
setInterval(() => {}, 1000);
