// Single keys, outside fields only, off with data-keys="off" on <body> (WCAG 2.1.4).
// An element answers to data-key="R", to a sequence data-key="B 1", or to data-key="Ctrl+Enter" (in fields too).
// A visible part with data-holds-keys keeps all others from answering, but those with data-key-beside.
// With data-key-once an element does not answer a key that was pressed twice: the second press was meant for what
// stood there before.
// Everywhere: / search · ? list of keys · Esc leave a field, close. Letters are read by their place on the
// keyboard where the layout is not Latin.

const PAUSE = 1500;
const TWICE = 2000;
const FIELD = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const ACTIVE = "a[href], button, summary, input, select, textarea";
const SHOWN = { ARROWUP: "↑", ARROWDOWN: "↓", ARROWLEFT: "←", ARROWRIGHT: "→" };
let typed = [];
let timer;
let last = { key: "", at: -TWICE };

const nameOf = (event) => {
  if (/^[\x21-\x7e]$/.test(event.key)) return event.key.toUpperCase();
  const place = /^(?:Key|Digit)(.)$/.exec(event.code);
  if (event.key.length === 1 && place) return place[1];
  return { ESCAPE: "ESC" }[event.key.toUpperCase()] ?? event.key.toUpperCase();
};
const sequence = (element) => element.dataset.key.toUpperCase().split(" ");
const inReach = (element) => {
  const modal = document.querySelector("dialog[open]");
  if (modal && !modal.contains(element)) return false;
  const holder = [...document.querySelectorAll("[data-holds-keys]")].find((one) => one.checkVisibility());
  if (holder && !modal && !holder.contains(element) && !("keyBeside" in element.dataset)) return false;
  if (element.disabled || element.getAttribute("aria-disabled") === "true") return false;
  return "keyAlways" in element.dataset || element.checkVisibility();
};
const reachable = () => [...document.querySelectorAll("[data-key]")].filter(inReach);
const startsWith = (whole, part) => part.length <= whole.length && part.every((key, at) => whole[at] === key);

function fire(element) {
  if (element instanceof HTMLFormElement) element.requestSubmit();
  else if (element instanceof HTMLDetailsElement) {
    element.open = !element.open;
    element.querySelector("summary").focus();
  } else if (element.matches(FIELD)) element.focus();
  else if (element.matches("a, button, input, label, summary")) element.click();
  else element.focus();
}

function find(key) {
  const all = reachable();
  for (const keys of typed.length ? [[...typed, key], [key]] : [[key]]) {
    const begun = all.filter((element) => startsWith(sequence(element), keys));
    if (!begun.length) continue;
    const longer = begun.some((element) => sequence(element).length > keys.length);
    typed = longer ? keys : [];
    clearTimeout(timer);
    timer = setTimeout(() => (typed = []), PAUSE);
    return { taken: true, element: begun.find((element) => sequence(element).length === keys.length) };
  }
  typed = [];
  return { taken: false };
}

function search() {
  const fields = [...document.querySelectorAll("main [data-search], [data-search]")].filter((one) => one.checkVisibility());
  const field = fields.find((one) => one.closest("main")) ?? fields[0];
  field?.focus();
  field?.select();
  return Boolean(field);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) return;
  const field = event.target.closest?.(FIELD);
  if (event.ctrlKey) {
    const name = `CTRL+${nameOf(event)}`;
    const element = reachable().find((one) => one.dataset.key.toUpperCase() === name);
    if (element) {
      event.preventDefault();
      fire(element);
    }
    return;
  }
  if (event.key === "Escape" && field) {
    field.blur();
    return;
  }
  const key = nameOf(event);
  const twice = key === last.key && event.timeStamp - last.at < TWICE;
  last = { key, at: event.timeStamp };
  if (field || (document.body.dataset.keys === "off" && event.key !== "Escape")) return;
  if (event.key === "Enter" && event.target.closest?.(ACTIVE)) {
    if (event.repeat) event.preventDefault(); // held down for what stood there before
    return;
  }
  if (event.key.startsWith("Arrow") && event.target.matches?.("[type=radio]")) return;
  if (event.repeat && !event.key.startsWith("Arrow")) return;
  const { taken, element } = find(key);
  if (element && !(twice && "keyOnce" in element.dataset)) fire(element);
  else if (!taken && key === "/" && search()) typed = [];
  else if (!taken && key === "?") list();
  else if (!taken) return;
  event.preventDefault();
});

function list() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function fill() {
  const target = document.getElementById("page-keys");
  if (!target) return;
  target.querySelectorAll("dd").forEach((row) => row.remove());
  for (const element of document.querySelectorAll("main [data-key]")) {
    if (!element.checkVisibility() && !("keyAlways" in element.dataset)) continue;
    const copy = element.cloneNode(true);
    copy.querySelectorAll("kbd, .vh").forEach((one) => one.remove());
    const words = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? copy.textContent.trim().replace(/\s+/g, " ");
    const row = document.createElement("dd");
    for (const key of sequence(element)) {
      const hint = document.createElement("kbd");
      hint.textContent = SHOWN[key] ?? (key.length > 1 ? key[0] + key.slice(1).toLowerCase() : key);
      row.append(hint);
    }
    const label = document.createElement("span");
    label.textContent = words.slice(0, 60);
    row.append(label);
    target.append(row);
  }
  target.hidden = !target.querySelector("dd");
  document.getElementById("list-keys").hidden = !document.querySelector("[data-list]");
}
document.getElementById("keys")?.addEventListener("toggle", fill);

for (const box of document.querySelectorAll("[data-keys-switch]")) {
  box.checked = document.body.dataset.keys !== "off";
  box.addEventListener("change", () => {
    document.body.dataset.keys = box.checked ? "on" : "off";
    document.cookie = `keys=${document.body.dataset.keys}; path=/; max-age=31536000; samesite=lax`;
  });
}
