// A bad version of the application: it does not survive its first line.
throw new Error("this version cannot start");
