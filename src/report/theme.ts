/** Colors by role, light and dark; plots and page name them as custom properties of CSS. */
const light = {
  page: "#f6f7f9",
  card: "#ffffff",
  ink: "#1c2430",
  soft: "#5b6675",
  line: "#dfe3e8",
  first: "#2563c9",
  second: "#e07b24",
  third: "#6f9d3c",
  fourth: "#8a5bb5",
  good: "#1d7f4e",
  warning: "#a86400",
  critical: "#bf2f38",
};
const dark: typeof light = {
  page: "#14181e",
  card: "#1d232b",
  ink: "#e6eaf0",
  soft: "#9aa5b4",
  line: "#343c48",
  first: "#6ea3f5",
  second: "#f2a05c",
  third: "#9cc76b",
  fourth: "#b795dd",
  good: "#5cc48d",
  warning: "#e0a84a",
  critical: "#f0747c",
};

export type ColorName = keyof typeof light;

/** A color of the theme, for CSS and for plots. */
export const color = (name: ColorName): string => `var(--${name})`;

/** A drawing with the light colors themselves, on a background of its own. */
export const inLight = (svg: string): string =>
  svg
    .replace(/var\(--([a-z]+)\)/g, (whole, name: string) => (name in light ? light[name as ColorName] : whole))
    .replace(/^<svg [^>]*>/, (tag) => `${tag}<rect width="100%" height="100%" fill="${light.card}"/>`);

/** Colors of series, in order. */
export const seriesColors = (["first", "second", "third", "fourth"] as const).map(color);

const properties = (colors: typeof light): string =>
  Object.entries(colors)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Configuration that all plots share. */
export const vegaConfig = {
  background: null,
  font,
  // A plot's width is that of the whole drawing, so that all drawings have letters of one size.
  autosize: { type: "fit-x", contains: "padding" },
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: color("soft"),
    titleColor: color("soft"),
    titleFontWeight: "normal",
    labelFontSize: 11,
    titleFontSize: 12,
    gridColor: color("line"),
    domainColor: color("line"),
    tickColor: color("line"),
    labelLimit: 190,
    labelPadding: 5,
  },
  legend: {
    labelColor: color("ink"),
    labelFontSize: 12,
    labelLimit: 320,
    columnPadding: 16,
    orient: "top",
    title: null,
    symbolStrokeWidth: 2,
  },
  text: { font, fontSize: 11, fill: color("ink") },
  header: { labelColor: color("ink"), titleColor: color("soft") },
};

/** The page's style sheet. */
export const styleSheet = `
:root{color-scheme:light dark;${properties(light)}}
@media (prefers-color-scheme:dark){:root{${properties(dark)}}}
*{box-sizing:border-box}
body{margin:0;background:${color("page")};color:${color("ink")};font:15px/1.5 ${font}}
main{max-width:1120px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0}
.subtitle{color:${color("soft")};margin:4px 0 20px}
nav{display:flex;flex-wrap:wrap;gap:6px 16px;margin:0 0 20px;font-size:14px}
a{color:${color("first")}}
section{background:${color("card")};border:1px solid ${color("line")};border-radius:10px;padding:18px 20px;margin:0 0 18px}
h2{font-size:18px;margin:0 0 10px}
p{margin:0 0 12px;max-width:78ch}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 14px}
.card{border:1px solid ${color("line")};border-radius:8px;padding:10px 14px}
.card .label{color:${color("soft")};font-size:13px}
.card .value{font-size:22px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.card .note{color:${color("soft")};font-size:12px}
.good{color:${color("good")}}.warning{color:${color("warning")}}.critical{color:${color("critical")}}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:18px;margin:0 0 14px}
figure{margin:0;min-width:0}
figcaption{margin:0 0 4px}
figcaption strong{font-size:14px}
figcaption span{display:block;color:${color("soft")};font-size:13px}
figure svg{width:100%;max-width:400px;height:auto;display:block}
details{margin:0 0 10px}
summary{cursor:pointer;color:${color("first")};font-size:14px;padding:4px 0 8px}
.scroll{overflow-x:auto;margin:0 0 14px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;color:${color("soft")};font-size:13px;padding:0 0 6px}
th,td{padding:6px 10px;border-bottom:1px solid ${color("line")};text-align:left;vertical-align:top;overflow-wrap:break-word;max-width:46ch}
th{color:${color("soft")};font-weight:500;font-size:13px;white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.badge{font-weight:600;white-space:nowrap}
.commands{list-style:none;margin:0;padding:0}
.commands li{margin:0 0 10px}
.commands span{color:${color("soft")};font-size:13px}
pre{margin:2px 0 0;padding:8px 12px;border-radius:6px;background:${color("page")};border:1px solid ${color("line")};overflow-x:auto;font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media print{body{background:none}section{break-inside:avoid}details::details-content{content-visibility:visible;display:block}}
@media (max-width:640px){
body{font-size:14px;line-height:1.4}
main{padding:16px 10px 32px}
h1{font-size:21px}
.subtitle,nav{margin-bottom:12px}
nav{gap:2px 12px;font-size:13px}
section{padding:10px 12px 4px;margin:0 0 8px}
h2{font-size:16px;margin:0 0 6px}
p{margin:0 0 8px}
.cards{grid-template-columns:1fr 1fr;gap:8px}
.card{padding:6px 10px}
.card .label,.card .note{font-size:12px;line-height:1.25}
.card .value{font-size:17px;line-height:1.3}
.scroll,.cards,.plots{margin-bottom:6px}
.plots{gap:8px}
details{margin:0 0 4px}
summary{padding:2px 0 4px;font-size:13px}
figcaption span{font-size:12px;line-height:1.3}
table{font-size:13px}
th,td{padding:3px 5px}
th{white-space:normal;font-size:12px}
td:first-child{overflow-wrap:anywhere}
.stacked,.stacked tbody,.stacked caption{display:block}
.stacked thead{display:none}
.stacked tr{display:flex;flex-wrap:wrap;gap:0 12px;padding:5px 0;border-bottom:1px solid ${color("line")}}
.stacked td{display:block;border:0;padding:0;max-width:none;text-align:left}
.stacked td:first-child{font-weight:600}
.stacked td[data-label]::before{content:attr(data-label) " ";color:${color("soft")};font-size:12px}
.stacked .sentence{flex-basis:100%}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:6px 8px;font-size:12px}
.commands li{margin:0 0 6px}
}
`.trim();
