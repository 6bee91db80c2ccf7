// Menus are <details class="menu">: they open by themselves; here they close by Esc, by a click elsewhere and when
// focus leaves. data-toggle="id": the bar's menu button. data-hides="id": hide and show a part. data-print: print.

const opened = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of opened()) if (!menu.contains(event.target)) menu.open = false;
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    document.getElementById(toggle.dataset.toggle).parentElement.classList.toggle("open", open);
  }
  const hides = event.target.closest("[data-hides]");
  if (hides) {
    const part = document.getElementById(hides.dataset.hides);
    part.hidden = !part.hidden;
  }
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape") return;
    const menu = [...opened()].pop();
    const bar = document.querySelector("[data-toggle][aria-expanded=true]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (bar) {
      bar.click();
      bar.focus();
    } else return;
    event.preventDefault();
  },
  true,
);
