export { parquetWriter } from "./parquet-writer.js";
export { scoreFile, scoreFormats, type OutputPart, type ScoreFormat } from "./score-file.js";
