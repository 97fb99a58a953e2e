// The gradebook page: fills, sorts, searches and explains the table. Texts go in as text only.
"use strict";
(() => {
  const FIRST_ROWS = 250;
  const rows = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  const heads = [...table.tHead.rows[0].cells];
  const keys = heads.map((head) => head.querySelector("button").dataset.key);
  const names = heads.map((head) => head.querySelector("button").textContent);
  const collator = new Intl.Collator("en", { numeric: true });
  const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const byId = (id) => document.getElementById(id);
  const state = { key: "student", direction: 1, words: [], section: "", all: false };

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function value(row, key) {
    if (!/^\d+$/.test(key)) return row[key] === "" ? null : row[key];
    return row.cells[key].points;
  }

  function compare(one, other) {
    const [a, b] = [value(one, state.key), value(other, state.key)];
    if (a === null || b === null) return (a === null) - (b === null); // no value: last, either way
    return state.direction * (typeof a === "string" ? collator.compare(a, b) : a - b);
  }

  function matches(row) {
    const own = row.section.split(",").map((one) => one.trim());
    if (state.section && !own.includes(state.section)) return false;
    row.haystack ??= [row.student, row.name, ...row.cells.flatMap((cell) => [cell.word, ...cell.marks, cell.why, ...(cell.said ?? [])])].join("\n").toLowerCase();
    return state.words.every((word) => row.haystack.includes(word));
  }

  function studentCell(row) {
    const made = element("th");
    made.scope = "row";
    const button = element("button");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.append(element("bdi", row.student));
    button.addEventListener("click", () => explain(row, button));
    made.append(button);
    return made;
  }

  function textCell(text, className) {
    const made = element("td", undefined, className);
    made.append(element("bdi", text));
    return made;
  }

  function pointsCell(cell) {
    const made = element("td", cell.points === null ? cell.word : numbers.format(cell.points), "points");
    if (cell.points !== null && cell.word) made.append(element("span", cell.word, "mark"));
    if (cell.share !== null) made.classList.add(`q${cell.share}`);
    if (cell.marks.length) made.append(element("span", cell.marks.join(", "), "mark"));
    return made;
  }

  function totalCell(row) {
    return element("td", row.total === null ? "–" : numbers.format(row.total), "points total");
  }

  function tableRow(row) {
    const made = element("tr");
    for (const key of keys) {
      if (key === "student") made.append(studentCell(row));
      else if (key === "total") made.append(totalCell(row));
      else if (key in row) made.append(textCell(row[key], key));
      else made.append(pointsCell(row.cells[key]));
    }
    return made;
  }

  function explain(row, button) {
    const line = button.closest("tr");
    if (button.getAttribute("aria-expanded") === "true") {
      button.setAttribute("aria-expanded", "false");
      line.nextElementSibling.remove();
      return;
    }
    button.setAttribute("aria-expanded", "true");
    const list = element("dl");
    row.cells.forEach((cell, place) => {
      const said = element("dd", cell.why);
      (cell.said ?? []).forEach((text) => said.append(element("p", text)));
      list.append(element("dt", names[keys.indexOf(String(place))]), said);
    });
    const all = element("td");
    all.colSpan = keys.length;
    all.append(list);
    const made = element("tr", undefined, "why");
    made.append(all);
    line.after(made);
  }

  function countWords(found, shown) {
    const total = numbers.format(rows.length);
    const some = found === rows.length ? `${total} people` : `${numbers.format(found)} of ${total} people`;
    return shown < found ? `${some}, the first ${shown} shown` : some;
  }

  function fill() {
    const found = rows.filter(matches);
    found.sort((one, other) => compare(one, other) || collator.compare(one.student, other.student));
    const shown = state.all ? found : found.slice(0, FIRST_ROWS);
    table.tBodies[0].replaceChildren(...shown.map(tableRow));
    byId("count").textContent = countWords(found.length, shown.length);
    byId("all").hidden = shown.length === found.length;
  }

  function sortBy(key) {
    const same = state.key === key;
    state.direction = same ? -state.direction : /^(student|name|section)$/.test(key) ? 1 : -1;
    state.key = key;
    heads.forEach((head, place) => {
      const word = state.direction > 0 ? "ascending" : "descending";
      head.setAttribute("aria-sort", keys[place] === key ? word : "none");
    });
    fill();
  }

  heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => sortBy(keys[place])));
  byId("search").addEventListener("input", (event) => {
    state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    fill();
  });
  byId("section")?.addEventListener("change", (event) => {
    state.section = event.target.value;
    fill();
  });
  byId("all").addEventListener("click", () => {
    state.all = true;
    fill();
  });
  fill();
})();
