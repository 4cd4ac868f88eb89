// The small drawings on the board's cards: interval, distribution, hours. Attributes only, no inline style.
"use strict";

const boardShapes = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEVELS = [5, 4, 3, 2, 1];

  function shape(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function interval(svg, score, hallShare) {
    const parts = [shape("rect", { class: "track", x: 0, y: 5, width: 200, height: 4, rx: 2 })];
    if (score.n) {
      const left = score.low * 2, right = score.high * 2;
      parts.push(shape("rect", { class: "band", x: left, y: 3, width: Math.max(0, right - left), height: 8, rx: 4 }));
    }
    if (hallShare !== null) {
      parts.push(shape("line", { class: "tick-hall", x1: hallShare * 2, x2: hallShare * 2, y1: -1, y2: 15 }));
    }
    if (score.n) {
      parts.push(shape("circle", { class: "dot", cx: Math.min(194, Math.max(6, score.share * 2)), cy: 7, r: 5.5 }));
    }
    svg.replaceChildren(...parts);
  }

  function distribution(svg, levels) {
    const total = levels.reduce((sum, n) => sum + n, 0);
    const parts = [shape("rect", { class: "track", x: 0, y: 0, width: 200, height: 10 })];
    let x = 0;
    for (const [index, n] of levels.entries()) {
      if (!n) continue;
      const width = (n / total) * 200;
      parts.push(shape("rect", { class: `level-${LEVELS[index]}`, x, y: 0, width, height: 10 }));
      x += width;
    }
    svg.replaceChildren(...parts);
  }

  // Opening hours are shown at least; all cards share one scale, so that their bars can be compared.
  function range(boards) {
    const hours = boards.flatMap((one) => one.hours.map((point) => point.hour));
    return { first: Math.min(8, ...hours), last: Math.max(18, ...hours) };
  }

  function hours(svg, points, { first, last }, most, suffix) {
    const slot = 200 / (last - first + 1), parts = [];
    for (const { hour, levels } of points) {
      const good = levels[0] + levels[1] + levels[2], bad = levels[3] + levels[4];
      const x = (hour - first) * slot + slot * 0.14, width = slot * 0.72;
      const goodHeight = (good / most) * 32, badHeight = (bad / most) * 32;
      if (good) parts.push(shape("rect", { class: "hour-good", x, y: 34 - badHeight - goodHeight, width, height: goodHeight }));
      if (bad) parts.push(shape("rect", { class: "hour-bad", x, y: 34 - badHeight, width, height: badHeight }));
    }
    parts.push(shape("line", { class: "base", x1: 0, x2: 200, y1: 34.5, y2: 34.5 }));
    for (const hour of [first, Math.round((first + last) / 2), last]) {
      const anchor = hour === first ? "start" : hour === last ? "end" : "middle";
      const x = hour === first ? 0 : hour === last ? 200 : (hour - first + 0.5) * slot;
      parts.push(shape("text", { x, y: 44, "text-anchor": anchor }, hour + suffix));
    }
    svg.replaceChildren(...parts);
  }

  return { interval, distribution, hours, range };
})();
