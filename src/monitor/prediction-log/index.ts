export { type LogRow, logFile, logFileName, readLogFile } from "./files.js";
