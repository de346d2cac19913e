// Says that it is there: what that takes is the measure of the box.
process.send({ event: "here" });
process.on("disconnect", () => process.exit(0));
