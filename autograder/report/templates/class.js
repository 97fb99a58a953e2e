// The class page: draws the pictures, and fills, sorts and searches the tables. Texts go in as text only.
"use strict";
(() => {
  const FIRST_ROWS = 100;
  const SVG = "http://www.w3.org/2000/svg";
  const PATTERNS = ["", "/", "x", ".", "+", "-", ""];
  const ICONS = ["passed", "failed", "crashed", "timed_out", "out_of_memory", "not_run", "not_judged", "not_attempted"];
  const sections = JSON.parse(document.getElementById("data").textContent);
  const collator = new Intl.Collator("en", { numeric: true });
  const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const byId = (name, section) => document.getElementById(`${name}-${section + 1}`);

  const passed = (row) => row.results.filter(([, status]) => status === 0).length;
  const outcomeWords = (row) => (row.late ? `${row.outcome}, late` : row.outcome);
  const VALUES = {
    student: (row) => row.student,
    name: (row) => row.name || null,
    section: (row) => row.section || null,
    score: (row) => row.score,
    change: (row) => row.change,
    passed: (row) => (row.results.length ? passed(row) : null),
    outcome: (row) => outcomeWords(row),
    mistakes: (row) => row.mistakes.length,
    flags: (row) => row.flags.length,
  };

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function cell(...contents) {
    const made = element("td");
    made.append(...contents);
    return made;
  }

  function textCell(text, className) {
    const made = cell(element("bdi", text));
    made.className = className;
    return made;
  }

  function icon(status) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", `i ${ICONS[status]}`);
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#${ICONS[status]}`);
    picture.append(use);
    return picture;
  }

  function studentCell(row) {
    const student = element("bdi", row.student);
    if (!row.page) return cell(student);
    const link = element("a");
    link.href = `students/${row.page}`;
    link.append(student);
    return cell(link);
  }

  function outcomeCell(row) {
    const words = outcomeWords(row);
    return words === "graded" ? cell(words) : cell(element("b", words, "look"));
  }

  function resultsCell(row, words) {
    if (!row.results.length) return cell("–");
    const strip = element("span", undefined, "strip");
    strip.setAttribute("role", "img");
    strip.title = row.results.map(([id, status]) => `${id} ${words[status]}`).join(", ");
    strip.setAttribute("aria-label", strip.title);
    strip.append(...row.results.map(([, status]) => icon(status)));
    return cell(`${passed(row)} of ${row.results.length}`, strip);
  }

  function tableRow(row, data) {
    const made = element("tr");
    made.append(studentCell(row));
    if (data.named) made.append(textCell(row.name, "name"));
    if (data.sections.length) made.append(textCell(row.section, "section"));
    made.append(cell(row.score === null ? "–" : numbers.format(row.score)));
    if (data.compared) made.append(cell(row.changed));
    made.append(resultsCell(row, data.statuses), outcomeCell(row));
    made.append(cell(row.mistakes.join("; ")), cell(element("bdi", row.flags.join("; "))));
    return made;
  }

  function compare(one, other, key, direction) {
    const [a, b] = [VALUES[key](one), VALUES[key](other)];
    if (a === null || b === null) return (a === null) - (b === null); // no value: last, either way
    return direction * (typeof a === "string" ? collator.compare(a, b) : a - b);
  }

  function matches(row, words) {
    row.haystack ??= [row.student, row.name, outcomeWords(row), row.changed, ...row.mistakes, ...row.flags].join("\n").toLowerCase();
    return words.every((word) => row.haystack.includes(word));
  }

  function countWords(found, shown, total) {
    const some = found === total ? `${numbers.format(total)} students` : `${numbers.format(found)} of ${numbers.format(total)} students`;
    return shown < found ? `${some}, the first ${shown} shown` : some;
  }

  function table(data, section) {
    const state = { key: "student", direction: 1, words: [], section: null, all: false };
    const root = byId("table", section);
    const all = byId("all", section);
    const sectionsOf = (row) => row.section.split(",").map((one) => one.trim());
    const chosen = (row) => state.section === null || sectionsOf(row).includes(state.section);

    function fill() {
      const found = data.rows.filter((row) => chosen(row) && matches(row, state.words));
      const order = (a, b) => compare(a, b, state.key, state.direction) || collator.compare(a.student, b.student);
      found.sort(order);
      const shown = state.all ? found : found.slice(0, FIRST_ROWS);
      root.tBodies[0].replaceChildren(...shown.map((row) => tableRow(row, data)));
      byId("count", section).textContent = countWords(found.length, shown.length, data.rows.length);
      all.hidden = shown.length === found.length;
      all.textContent = `Show all ${numbers.format(found.length)}`;
    }

    function sort(button) {
      const same = button.dataset.key === state.key;
      Object.assign(state, { key: button.dataset.key, direction: same ? -state.direction : 1 });
      for (const head of root.tHead.rows[0].cells) head.setAttribute("aria-sort", "none");
      button.parentElement.setAttribute("aria-sort", state.direction > 0 ? "ascending" : "descending");
      fill();
    }

    function search(text) {
      const words = text.toLowerCase().match(/"[^"]+"|\S+/g) ?? []; // words, or "a whole phrase"
      state.words = words.map((word) => word.replaceAll('"', ""));
      fill();
    }

    function choose(place) {
      state.section = place === "" ? null : data.sections[Number(place)];
      fill();
    }

    for (const button of root.tHead.querySelectorAll("button")) button.addEventListener("click", () => sort(button));
    byId("search", section).addEventListener("input", (event) => search(event.target.value));
    byId("section", section)?.addEventListener("change", (event) => choose(event.target.value));
    all.addEventListener("click", () => {
      state.all = true;
      fill();
      root.parentElement.focus(); // the button that had the focus is gone
    });
    fill();
  }

  function followFilter(button) {
    const place = Number(button.dataset.section);
    const sectionBox = byId("section", place);
    if (sectionBox?.value) { // the button's number is that of the whole class
      sectionBox.value = "";
      sectionBox.dispatchEvent(new Event("change"));
    }
    const box = byId("search", place);
    box.value = `"${button.dataset.search}"`;
    box.dispatchEvent(new Event("input"));
    box.focus();
  }

  function ink() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  }

  function layout(colour, extra) {
    const axis = { gridcolor: colour("line"), linecolor: colour("line"), zeroline: false, fixedrange: false };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("ink"), family: "system-ui, sans-serif", size: 13 },
      margin: { l: 48, r: 24, t: 12, b: 48 }, bargap: 0.18,
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
      ...extra, xaxis: { ...axis, ...extra.xaxis }, yaxis: { ...axis, ...extra.yaxis },
    };
  }

  function drawScores(place, data, colour) {
    const bars = {
      type: "bar", x: data.binNames.map((name) => name.split(" ")[0]), y: data.bins, customdata: data.binNames,
      marker: { color: colour("accent") }, hovertemplate: "%{y} students with %{customdata}<extra></extra>",
      text: data.bins.map((amount) => amount || ""), textposition: "outside", cliponaxis: false,
    };
    const axes = {
      height: 320,
      xaxis: { title: { text: "from … % of the points" }, type: "category", showgrid: false },
      // whole students: of a few, Plotly would mark halves too
      yaxis: { title: { text: "students" }, rangemode: "tozero", tickformat: ",d", ...(Math.max(...data.bins) < 6 && { dtick: 1 }) },
    };
    return Plotly.react(place, [bars], layout(colour, axes), { displayModeBar: false, responsive: true });
  }

  function statusTrace(status, data, colours, colour) {
    const shares = data.exercises.map(({ counts }) => (100 * counts[status]) / counts.reduce((a, b) => a + b));
    return {
      type: "bar", orientation: "h", name: data.statuses[status],
      y: data.exercises.map(({ id }) => id), x: shares,
      customdata: data.exercises.map(({ title, counts }) => [title, counts[status]]),
      hovertemplate: `%{customdata[0]}<br>${data.statuses[status]}: %{customdata[1]} (%{x:.0f} %)<extra></extra>`,
      marker: {
        color: colours[status], line: { color: colour("card"), width: 1 },
        pattern: { shape: PATTERNS[status], bgcolor: colours[status], fgcolor: colour("card"), fgopacity: 0.75, size: 7, solidity: 0.25 },
      },
    };
  }

  function drawExercises(place, data, colour) {
    const [good, look, soft, line] = ["good", "look", "soft", "line"].map(colour);
    const colours = [good, look, look, look, look, soft, line];
    const seen = data.statuses.map((_, status) => status).filter((status) => data.exercises.some(({ counts }) => counts[status]));
    const axes = {
      height: Math.max(320, 110 + 34 * data.exercises.length), barmode: "stack",
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
      xaxis: { ticksuffix: " %", range: [0, 100], showgrid: true },
      yaxis: { autorange: "reversed", automargin: true, showgrid: false },
    };
    const traces = seen.map((status) => statusTrace(status, data, colours, colour));
    return Plotly.react(place, traces, layout(colour, axes), { displayModeBar: false, responsive: true });
  }

  function draw() {
    const colour = ink();
    for (const place of document.querySelectorAll("[data-chart]")) {
      const paint = place.dataset.chart === "scores" ? drawScores : drawExercises;
      paint(place, sections[Number(place.dataset.section)], colour);
    }
  }

  function withoutPictures() {
    for (const place of document.querySelectorAll("[data-chart]")) {
      place.replaceWith(element("p", "The picture needs plotly.min.js beside this page; the table holds the same numbers.", "soft"));
    }
    for (const table of document.querySelectorAll(".pictures details")) table.open = true;
  }

  sections.forEach(table);
  for (const button of document.querySelectorAll(".filter")) button.addEventListener("click", () => followFilter(button));
  const library = () => {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  };
  document.addEventListener("load", (event) => event.target.id === "plotly" && library(), true);
  document.addEventListener("error", (event) => event.target.id === "plotly" && withoutPictures(), true);
})();
