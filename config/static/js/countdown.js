// Clocks that count between refreshes: data-until="INSTANT" downwards, data-since="INSTANT" upwards, as "02:14".
// <body data-now="INSTANT"> is the server's clock, which need not be this machine's. data-warn="180": class "warn"
// below so many seconds. At zero the element sends "due" once, which htmx may listen to (hx-trigger="due").
// data-refresh="5": sends "refresh" every 5 s, not while the page is hidden or a dialog is open; nor while a menu is
// open or somebody types inside, unless data-parts says that only what changed is swapped (live.js).

const ahead = Date.parse(document.body.dataset.now) - Date.now() || 0;
const now = () => Date.now() + ahead;
const two = (n) => String(n).padStart(2, "0");
const write = (seconds) => {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};
const refreshed = new WeakMap();

function tick() {
  for (const clock of document.querySelectorAll("[data-until], [data-since]")) {
    const down = "until" in clock.dataset;
    const seconds = (down ? Date.parse(clock.dataset.until) - now() : now() - Date.parse(clock.dataset.since)) / 1000;
    if (Number.isNaN(seconds)) continue;
    const text = write(Math.max(0, down ? Math.ceil(seconds) : seconds));
    if (clock.textContent !== text) clock.textContent = text;
    if (clock.dataset.warn) clock.classList.toggle("warn", seconds < Number(clock.dataset.warn));
    if (down && seconds <= 0 && !clock.dataset.over) {
      clock.dataset.over = "yes";
      clock.dispatchEvent(new CustomEvent("due", { bubbles: true }));
    }
  }
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const since = refreshed.get(part) ?? refreshed.set(part, Date.now()).get(part);
    const used = part.querySelector("details.menu[open], input:focus, textarea:focus, select:focus");
    if (document.hidden || document.querySelector("dialog[open]") || (used && !("parts" in part.dataset))) continue;
    if (Date.now() - since < Number(part.dataset.refresh) * 1000) continue;
    refreshed.set(part, Date.now());
    part.dispatchEvent(new CustomEvent("refresh"));
  }
}
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSwap", tick);
document.addEventListener("visibilitychange", tick);
