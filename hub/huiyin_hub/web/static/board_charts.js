// The board's two charts, drawn by ECharts. Tooltips are drawn on the canvas: the pages allow no inline style.
"use strict";

const boardCharts = (() => {
  const INK = "#16242f", MUTED = "#55646f", LINE = "#d9e0e5", BRAND = "#0b4a6f", BAND = "#9fc3d8";
  const percent = (value) => (value === null ? "–" : `${value.toFixed(1)}%`);

  function open(element) {
    if (!element || typeof echarts === "undefined") return null;
    const chart = echarts.init(element, null, { renderer: "canvas" });
    new ResizeObserver(() => chart.resize()).observe(element);
    return chart;
  }

  function tooltip(formatter, trigger) {
    return {
      trigger, renderMode: "richText", confine: true, formatter, borderColor: LINE,
      textStyle: { color: INK, fontSize: 13, lineHeight: 20 },
    };
  }

  // The axis leaves out what nobody comes near, in steps of ten, and says so by its labels.
  function floor(values) {
    const known = values.filter((value) => value !== null);
    return known.length ? Math.max(0, Math.floor((Math.min(...known) - 2) / 10) * 10) : 0;
  }

  function compare(chart, board, words) {
    if (!chart) return;
    const rows = board.counters.map((one) => ({ name: words.names[one.code] ?? one.code, ...one }));
    const rated = rows.filter((row) => row.n);
    const least = floor(rated.map((row) => row.low));
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 28, top: 10, bottom: 8, containLabel: true },
      tooltip: tooltip(({ dataIndex }) => {
        const row = rows[dataIndex];
        return `${row.name}\n${words.share} ${percent(row.share)}\n${words.intervalWord} ${percent(row.low)} – ${percent(row.high)}\n${words.n} ${row.n}`;
      }, "item"),
      xAxis: {
        type: "value", min: least, max: 100,
        axisLabel: { formatter: "{value}%", color: MUTED }, splitLine: { lineStyle: { color: LINE } },
      },
      yAxis: {
        type: "category", inverse: true, data: rows.map((row) => row.name),
        axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } },
        axisLabel: { color: INK, width: 130, overflow: "truncate", fontSize: 13 },
      },
      series: [{
        type: "custom", clip: false, encode: { x: [1, 2, 3], y: 0 },
        data: rows.map((row, index) => (row.n ? [index, row.low, row.share, row.high] : [index, null, null, null])),
        renderItem: (_params, api) => {
          if (Number.isNaN(api.value(2)) || api.value(2) === null) return null;
          const [left, y] = api.coord([api.value(1), api.value(0)]);
          const [middle] = api.coord([api.value(2), api.value(0)]);
          const [right] = api.coord([api.value(3), api.value(0)]);
          return {
            type: "group",
            children: [
              { type: "rect", shape: { x: left, y: y - 5, width: Math.max(1, right - left), height: 10, r: 5 }, style: { fill: BAND } },
              { type: "circle", shape: { cx: middle, cy: y, r: 6 }, style: { fill: BRAND, stroke: "#fff", lineWidth: 2 } },
            ],
          };
        },
        markLine: board.total.n ? {
          silent: true, symbol: "none", lineStyle: { color: INK, type: "dashed", width: 1 },
          label: { show: false }, data: [{ xAxis: board.total.share }],
        } : { data: [] },
      }],
      title: rated.length ? { show: false } : {
        show: true, text: words.noData, left: "center", top: "middle", textStyle: { color: MUTED, fontWeight: "normal", fontSize: 15 },
      },
    }, true);
  }

  function trend(chart, points, words) {
    if (!chart) return;
    const rated = points.filter((point) => point.n);
    const width = points.map((point) => (point.n ? point.high - point.low : null));
    const quiet = { type: "line", symbol: "none", silent: true, stack: "band", lineStyle: { opacity: 0 }, connectNulls: false };
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 20, top: 14, bottom: 8, containLabel: true },
      tooltip: tooltip((items) => {
        const point = points[items[0].dataIndex];
        return `${point.day}\n${words.share} ${percent(point.share)}\n${words.intervalWord} ${percent(point.low)} – ${percent(point.high)}\n${words.n} ${point.n}`;
      }, "axis"),
      xAxis: {
        type: "category", boundaryGap: false, data: points.map((point) => point.day),
        axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, axisLabel: { color: MUTED },
      },
      yAxis: {
        type: "value", min: floor(rated.map((point) => point.low)), max: 100,
        axisLabel: { formatter: "{value}%", color: MUTED }, splitLine: { lineStyle: { color: LINE } },
      },
      series: [
        { ...quiet, data: points.map((point) => point.low) },
        { ...quiet, data: width, areaStyle: { color: BAND, opacity: 0.45 } },
        {
          type: "line", data: points.map((point) => point.share), symbol: "circle", symbolSize: 9,
          lineStyle: { color: BRAND, width: 2.5 }, itemStyle: { color: BRAND, borderColor: "#fff", borderWidth: 2 },
        },
      ],
      title: rated.length ? { show: false } : {
        show: true, text: words.noData, left: "center", top: "middle", textStyle: { color: MUTED, fontWeight: "normal", fontSize: 15 },
      },
    }, true);
  }

  return { open, compare, trend, percent };
})();
