// What the pages do beyond links and forms; each of them works without it.
"use strict";

const form = document.getElementById("submit");
const said = document.getElementById("said");
const result = document.getElementById("result");

function say(text) {
  if (said) said.textContent = text;
}

// --- one attempt: its place in the queue, then its feedback ---

function watch(attempt) {
  const events = new EventSource(`/attempts/${attempt}/events`);
  events.addEventListener("place", (event) => {
    const place = document.getElementById("place");
    const words = JSON.parse(event.data);
    if (place) place.textContent = words;
    say(words);
  });
  events.addEventListener("done", () => {
    events.close();
    show(attempt);
  });
  events.addEventListener("error", () => {
    // Refused, and not only interrupted: ask now and then instead.
    if (events.readyState === EventSource.CLOSED) setTimeout(show, 2000, attempt);
  });
}

async function show(attempt) {
  const answer = await fetch(`/attempts/${attempt}/part`);
  if (!answer.ok) {
    say("The result could not be loaded. Load this page again.");
    return;
  }
  result.innerHTML = await answer.text(); // our own page, in which all texts are escaped
  result.dataset.shown = attempt;
  say("The result is below.");
  const title = document.getElementById("attempt-title");
  if (title) title.focus();
  if (document.getElementById("place")) setTimeout(show, 1000, attempt);
  else list();
}

// The list of attempts has one more now.
async function list() {
  const before = document.getElementById("attempts");
  const answer = before && (await fetch(location.pathname));
  if (!answer || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const after = page.getElementById("attempts");
  if (after) before.replaceWith(after);
}

// --- submitting ---

async function submit(file) {
  say(`Sending ${file.name} …`);
  const query = new URLSearchParams({ file: file.name, way: "browser" });
  const headers = { "Content-Type": "application/octet-stream" };
  try {
    const answer = await fetch(`${form.dataset.api}?${query}`, { method: "POST", headers, body: file });
    if (!answer.ok) {
      say(await answer.text());
      return;
    }
    const attempt = (await answer.json()).id;
    say("Received. Your notebook waits for its check.");
    watch(attempt);
  } catch {
    say("The file could not be sent. Check your connection and try again; nothing is lost.");
  }
}

if (form) {
  const input = document.getElementById("file");
  form.querySelector(".hint").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) submit(input.files[0]);
  });
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    form.addEventListener(kind, () => form.classList.remove("over"));
  }
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) submit(file);
  });
}

if (result && "waits" in result.dataset) watch(result.dataset.attempt);

// --- the class, as it submits ---

const table = document.getElementById("class");
if (table) {
  setInterval(async () => {
    if (document.hidden || table.contains(document.activeElement)) return;
    const answer = await fetch(table.dataset.part);
    const text = answer.ok ? await answer.text() : table.innerHTML;
    if (text !== table.dataset.last) table.innerHTML = text;
    table.dataset.last = text;
  }, 3000);
}

// --- a rubric: while one of its items has the focus, a digit sets or clears the item of its number ---

const rubric = document.querySelector(".rubric");
if (rubric) {
  const items = rubric.querySelectorAll("input[type=checkbox]");
  rubric.addEventListener("keydown", (event) => {
    const item = items[Number(event.key) - 1];
    if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
    item.click();
    item.focus();
  });
}
