// Lists: <section data-list>. ↑ ↓ move between rows (focus goes to the row's name, so Enter opens it), X selects;
// the bulk bar [data-bulk] shows while rows are selected. Everything is delegated, so a swapped list needs nothing.

const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const rowsOf = (list) => [...list.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a.name"));
const boxesOf = (list) => [...list.querySelectorAll("tbody input[data-pick]")];
let last = null;

function count(list) {
  const boxes = boxesOf(list);
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").classList.toggle("sel", box.checked);
  const bulk = list.querySelector("[data-bulk]");
  if (bulk) {
    bulk.hidden = !chosen.length;
    for (const text of bulk.querySelectorAll("[data-count]")) text.textContent = chosen.length;
  }
  const all = list.querySelector("[data-all]");
  if (all) {
    all.checked = boxes.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
}

document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-list]");
  if (!list) return;
  if (event.target.matches("[data-all]")) for (const box of boxesOf(list)) box.checked = event.target.checked;
  count(list);
});

document.addEventListener("click", (event) => {
  const list = event.target.closest("[data-list]");
  if (!list) return;
  if (event.target.matches("input[data-pick]")) {
    const boxes = boxesOf(list);
    if (event.shiftKey && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
      count(list);
    }
    last = event.target;
  }
  if (event.target.closest("[data-clear]")) {
    for (const box of boxesOf(list)) box.checked = false;
    count(list);
  }
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-list] tbody tr");
  if (!row) return;
  for (const other of row.closest("[data-list]").querySelectorAll("tr.cur")) other.classList.remove("cur");
  row.classList.add("cur");
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.dataset.keys === "off" || event.target.closest?.(FIELD) || document.querySelector("dialog[open]")) return;
  const list = event.target.closest?.("[data-list]") ?? document.querySelector("[data-list]");
  if (!list) return;
  const rows = rowsOf(list);
  const at = rows.findIndex((row) => row.classList.contains("cur"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)] ?? (at < 0 ? rows[0] : null);
    next?.querySelector("a.name").focus();
  } else if (event.code === "KeyX" && at >= 0) rows[at].querySelector("input[data-pick]")?.click();
  else return;
  event.preventDefault();
});

for (const list of document.querySelectorAll("[data-list]")) count(list);
document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-list]").forEach(count));
