export { scoreFile, scoreFormats, type OutputPart, type ScoreFormat } from "./score-file.js";
