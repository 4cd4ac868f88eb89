// Draws growth.svg from growth.json: node growth.cjs echarts.min.js growth.json growth.svg
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const [library, data, picture] = process.argv.slice(2).map((name) => path.resolve(name));
const echarts = require(library);
const found = JSON.parse(readFileSync(data, "utf8"));

const WIDTH = 1260;
const HEIGHT = 690;
const TEXT = { fontFamily: "sans-serif", color: "#333", fontSize: 12 };
const COLUMNS = [
  ["devices", "devices that send batches of 100 events"],
  ["batch", `events in a batch, ${found.fleet} devices (the last: what 64 KiB hold)`],
  ["database", `events in the database before, ${found.fleet} devices, batches of 100`],
];
const ROWS = [
  { key: "events_per_s", name: "events/s acknowledged", color: "#2f6db5", top: 110 },
  { key: "hub_mb", name: "hub process, peak MB", color: "#b5562f", top: 410 },
];

const short = (n) =>
  n >= 1e6 ? `${n / 1e6} M` : n >= 1e4 ? `${Math.round(n / 1e3)} k` : Math.round(n).toLocaleString("en");

/** A round number with room for the highest point's label. */
function ceiling(key) {
  const most = 1.1 * Math.max(...COLUMNS.flatMap(([axis]) => found[axis].map((point) => point[key])));
  const step = 10 ** Math.floor(Math.log10(most)) / 2;
  return Math.ceil(most / step) * step;
}

const option = {
  animation: false,
  backgroundColor: "#fff",
  textStyle: TEXT,
  title: [],
  grid: [],
  xAxis: [],
  yAxis: [],
  series: [],
};
const { cores, memory_gb: memory, python, sqlite, broker } = found.machine;
option.title.push({
  text: "How ingest grows",
  subtext: `one ingest process on ${cores} cores, ${memory} GB, shared with ${broker} and the load; Python ${python}, SQLite ${sqlite}`,
  left: 20,
  top: 10,
  textStyle: { ...TEXT, fontSize: 18 },
  subtextStyle: TEXT,
});
ROWS.forEach((row, down) =>
  COLUMNS.forEach(([axis, label], across) => {
    const index = option.grid.length;
    option.grid.push({ left: 80 + across * 410, top: row.top, width: 330, height: 215 });
    option.xAxis.push({
      gridIndex: index,
      type: "category",
      data: found[axis].map((point) => short(point.x)),
      name: label,
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: TEXT,
      axisLabel: { ...TEXT, interval: 0 },
    });
    option.yAxis.push({
      gridIndex: index,
      type: "value",
      min: 0,
      max: ceiling(row.key),
      name: across ? "" : row.name,
      nameTextStyle: { ...TEXT, align: "left", padding: [0, 0, 0, -60] },
      axisLabel: { ...TEXT, formatter: short },
      splitLine: { lineStyle: { color: "#e4e4e4" } },
    });
    option.series.push({
      type: "line",
      xAxisIndex: index,
      yAxisIndex: index,
      color: row.color,
      symbol: "circle",
      symbolSize: 7,
      data: found[axis].map((point) => point[row.key]),
      label: { ...TEXT, show: true, position: "top", formatter: ({ value }) => short(value) },
    });
  }),
);

const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
chart.setOption(option);
writeFileSync(picture, `${chart.renderToSVGString()}\n`);
chart.dispose();
