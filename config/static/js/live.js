// A page that is polled: of what comes only the parts and rows that changed are put in place, so that scroll, focus
// and open menus stay. data-parts: the polled whole; data-part="name": a part of it; data-rows="name": a list whose
// children have data-row="key". Without the same parts on both sides the whole is swapped.

function plain(element) {
  const copy = element.cloneNode(true);
  for (const clock of copy.querySelectorAll("[data-since], [data-until]")) {
    clock.textContent = "";
    clock.classList.remove("warn");
    clock.removeAttribute("data-over");
  }
  for (const menu of copy.querySelectorAll("details")) menu.open = false;
  for (const field of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) field.setAttribute("value", "");
  return copy.outerHTML.replaceAll(' class=""', "");
}
const differ = (old, fresh) => plain(old) !== plain(fresh);
const inUse = (element) => Boolean(element.querySelector("details[open]")) || element.contains(document.activeElement);
const names = (whole) => [...whole.querySelectorAll("[data-part], [data-rows]")].map((one) => one.dataset.part ?? one.dataset.rows);

function rows(old, fresh) {
  const known = new Map([...old.children].map((row) => [row.dataset.row, row]));
  let place = old.firstElementChild;
  for (const row of [...fresh.children]) {
    let here = known.get(row.dataset.row);
    known.delete(row.dataset.row);
    if (here && !inUse(here) && differ(here, row)) {
      if (place === here) place = row;
      here.replaceWith(row);
      here = row;
    }
    here ??= row;
    if (place === here) place = here.nextElementSibling;
    else old.insertBefore(here, place);
  }
  for (const row of known.values()) row.remove();
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const old = event.detail.target;
  if (!old.matches?.("[data-parts]") || event.detail.xhr.status !== 200) return;
  const fresh = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").querySelector("[data-parts]");
  if (!fresh || names(old).join() !== names(fresh).join()) return;
  event.detail.shouldSwap = false;
  for (const part of old.querySelectorAll("[data-part]")) {
    const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!inUse(part) && differ(part, now)) part.replaceWith(now);
  }
  for (const list of old.querySelectorAll("[data-rows]")) rows(list, fresh.querySelector(`[data-rows="${list.dataset.rows}"]`));
});
