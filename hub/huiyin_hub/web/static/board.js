// The live hall board: shows each message of the event stream in place, and says when it no longer is live.
"use strict";

(() => {
  const root = document.querySelector("[data-board]");
  if (!root) return;
  const json = (name) => JSON.parse(root.querySelector(`[data-json="${name}"]`).textContent);
  const words = json("words"), days = json("trend");
  const { percent } = boardCharts;
  const compareChart = boardCharts.open(root.querySelector('[data-chart="compare"]'));
  const trendChart = boardCharts.open(root.querySelector('[data-chart="trend"]'));
  const choice = root.querySelector("[data-trend-choice]");
  let shown = json("board");

  function write(place, name, text) {
    const element = place.querySelector(`[data-text="${name}"]`);
    if (element && element.textContent !== text) element.textContent = text;
  }

  function writeScore(place, score) {
    write(place, "share", percent(score.share));
    write(place, "n", String(score.n));
    write(place, "mean", score.mean === null ? "–" : score.mean.toFixed(1));
    const bad = score.levels[3] + score.levels[4];
    write(place, "bad", String(bad));
    place.querySelector('[data-text="bad"]')?.classList.toggle("bad", bad > 0);
    write(place, "range", `${percent(score.low)}–${percent(score.high)}`);
    write(place, "verdict", words.verdicts[score.verdict]);
    write(place, "interval", score.n
      ? words.interval.replace("{low}", percent(score.low)).replace("{high}", percent(score.high)) : words.none);
    for (const [index, n] of score.levels.entries()) {
      const cell = place.querySelector(`[data-level="${5 - index}"]`);
      if (cell) cell.textContent = n;
    }
  }

  function showBoard(board) {
    const total = root.querySelector("[data-total]");
    writeScore(total, board.total);
    boardShapes.distribution(total.querySelector('[data-shape="distribution"]'), board.total.levels);
    const sum = (levels) => levels.reduce((all, n) => all + n, 0);
    const most = Math.max(4, ...board.counters.flatMap((one) => one.hours.map((point) => sum(point.levels))));
    const range = boardShapes.range(board.counters);
    const before = new Map(shown.counters.map((one) => [one.code, one.n]));
    for (const one of board.counters) {
      const row = root.querySelector(`[data-row="${CSS.escape(one.code)}"]`);
      if (row) writeScore(row, one);
      const card = root.querySelector(`[data-counter="${CSS.escape(one.code)}"]`);
      if (!card) continue;
      writeScore(card, one);
      card.dataset.verdict = one.verdict;
      boardShapes.interval(card.querySelector('[data-shape="interval"]'), one, board.total.share);
      boardShapes.distribution(card.querySelector('[data-shape="distribution"]'), one.levels);
      boardShapes.hours(card.querySelector('[data-shape="hours"]'), one.hours, range, most, words.hour);
      if (one.n > (before.get(one.code) ?? 0)) {
        card.classList.remove("bump");
        void card.offsetWidth; // starts the animation anew
        card.classList.add("bump");
      }
    }
    boardCharts.compare(compareChart, board, words);
    showHours(board, range);
    showTodayInTrend(board);
    shown = board;
  }

  function cell(name, text, attributes = {}) {
    const element = document.createElement(name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function showHours(board, { first, last }) {
    const place = root.querySelector("[data-hours-table]");
    if (!place) return;
    const table = document.createElement("table"), head = table.createTHead().insertRow();
    head.append(cell("th", words.counter, { scope: "col" }));
    for (let hour = first; hour <= last; hour += 1) head.append(cell("th", hour + words.hour, { scope: "col" }));
    const body = table.createTBody();
    for (const one of board.counters) {
      const row = body.insertRow(), of = new Map(one.hours.map((point) => [point.hour, point.levels]));
      row.append(cell("th", words.names[one.code] ?? one.code, { scope: "row" }));
      for (let hour = first; hour <= last; hour += 1) {
        const levels = of.get(hour) ?? [0, 0, 0, 0, 0], n = levels.reduce((all, each) => all + each, 0);
        const bad = levels[3] + levels[4];
        row.append(cell("td", n ? (bad ? `${n} (${bad})` : String(n)) : "–"));
      }
    }
    place.replaceChildren(table);
  }

  function showTodayInTrend(board) {
    for (const score of [{ code: "", ...board.total }, ...board.counters]) {
      const today = days[score.code]?.at(-1);
      if (!today || today.day !== board.day.slice(5)) continue;
      const rated = score.n > 0;
      Object.assign(today, { n: score.n, share: rated ? score.share : null, low: rated ? score.low : null, high: rated ? score.high : null });
    }
    showTrend();
  }

  function showTrend() {
    const points = days[choice.value] ?? [];
    boardCharts.trend(trendChart, points, words);
    const body = root.querySelector("[data-trend-table] tbody");
    body.replaceChildren(...points.map((point) => {
      const row = document.createElement("tr");
      row.append(
        cell("th", point.day, { scope: "row" }), cell("td", point.n), cell("td", percent(point.share)),
        cell("td", point.n ? `${percent(point.low)}–${percent(point.high)}` : "–"),
      );
      return row;
    }));
  }

  // Reasons and words follow a little later than the numbers, at most once in 1.5 s however many ratings come.
  let asked = null;
  function askForVoices() {
    asked ??= setTimeout(() => {
      asked = null;
      if (typeof htmx !== "undefined") htmx.trigger("#voices", "refresh");
    }, 1500);
  }

  const pill = root.querySelector(".live");
  let heardAt = 0;
  function say(state) {
    if (pill.dataset.state === state) return;
    pill.dataset.state = state;
    const text = pill.querySelector("[data-live-words]");
    text.textContent = words.states[state];
    if (state === "ended") {
      const link = document.createElement("a");
      link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
      link.textContent = words.logIn;
      text.after(" ", link);
    }
  }

  function heard(asOfMs) {
    heardAt = Date.now();
    const time = pill.querySelector("[data-live-time]");
    time.textContent = new Date(asOfMs).toLocaleTimeString("zh-Hans-CN", { hour12: false, timeZone: words.zone });
    say("live");
  }

  function listen() {
    const stream = new EventSource(root.dataset.live);
    stream.addEventListener("board", (event) => {
      const board = JSON.parse(event.data);
      if (board.day !== shown.day) return location.reload(); // a new day has other columns
      const first = heardAt === 0;
      showBoard(board);
      heard(board.as_of_ms);
      if (!first) askForVoices();
    });
    stream.addEventListener("beat", (event) => {
      const { as_of_ms: asOfMs } = JSON.parse(event.data);
      if (asOfMs > lastBeat) heard((lastBeat = asOfMs));
    });
    stream.addEventListener("end", (event) => {
      if (JSON.parse(event.data).why !== "session") return; // the hub restarts: the browser comes back by itself
      stream.close();
      say("ended");
    });
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED && pill.dataset.state !== "ended") {
        // Answered by something else than a stream: logged out, or the hub is away behind a proxy.
        say("lost");
        setTimeout(listen, 5000);
      } else if (pill.dataset.state !== "ended") say("lost");
    });
  }
  let lastBeat = 0;
  setInterval(() => {
    if (pill.dataset.state === "live" && Date.now() - heardAt > 15000) say("stale");
  }, 2000);

  choice.addEventListener("change", showTrend);
  showBoard(shown);
  listen();
})();
