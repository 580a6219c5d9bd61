/** Tells the bench the port, and ends with it. */
export function ready(port) {
  console.log(port);
  process.stdin.on("end", () => process.exit()).resume();
}
