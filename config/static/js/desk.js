// The desk: steps of the script, the chosen slot in the button's words, forms that open in place, notes kept.

const steps = () => [...document.querySelectorAll("[data-steps] > li")];

function go(by) {
  const all = steps();
  const at = all.findIndex((step) => step.getAttribute("aria-current") === "step");
  const next = Math.min(Math.max(at + by, 0), all.length - 1);
  all.forEach((step, index) => {
    step.classList.toggle("done", index < next);
    step.classList.toggle("cur", index === next);
    if (index === next) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

function say() {
  const chosen = document.querySelector("input[name=slot]:checked");
  const words = document.querySelector("[data-chosen]");
  if (words) words.textContent = chosen && !chosen.disabled ? chosen.dataset.slot : "";
  for (const slot of document.querySelectorAll(".slot")) slot.classList.toggle("on", slot.contains(chosen) && !chosen.disabled);
}

function open(id) {
  const asked = document.getElementById(id);
  const show = asked.hidden;
  for (const button of document.querySelectorAll("[data-opens]")) {
    const shown = show && button.dataset.opens === id;
    document.getElementById(button.dataset.opens).hidden = !shown;
    if (button.hasAttribute("aria-expanded")) button.setAttribute("aria-expanded", String(shown));
  }
  along();
  if (!show) return;
  asked.querySelector("input:not([type=hidden]):not([type=radio]), textarea, [data-autofocus]")?.focus();
  if (id === "out-refused") document.activeElement?.blur();
}

function follow() {
  for (const part of document.querySelectorAll("[data-with]")) {
    const box = document.getElementById(part.dataset.with) ?? document.querySelector(`input[name="${part.dataset.with}"]:checked`);
    part.hidden = !box?.value || !part.dataset.value.split(" ").includes(box.value);
  }
}

// What is typed is kept by the server a second later; until then by this window. Notes of other calls are forgotten.
const memory = (field) => `ringback.${field.dataset.keep}`;
function restore() {
  const fields = [...document.querySelectorAll("[data-keep]")];
  for (const field of fields) {
    const typed = sessionStorage.getItem(memory(field)) ?? "";
    if (typed.startsWith(field.value)) field.value = typed;
  }
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith("ringback.") && !fields.some((field) => memory(field) === key)) sessionStorage.removeItem(key);
}

function along() {
  const [words, text] = [document.querySelector("[data-goes-along]"), document.getElementById("complaint")];
  if (words) words.hidden = !text.value.trim() || !document.getElementById("out-complaint").hidden;
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) go(Number(step.dataset.step));
  const opener = event.target.closest("[data-opens]");
  if (opener) open(opener.dataset.opens);
  if (event.target.closest("[data-first-slot]")) document.querySelector("input[name=slot]:checked")?.focus();
});
document.addEventListener("change", (event) => {
  if (event.target.name === "slot") say();
  if (event.target.name === "reason") event.target.focus();
  follow();
});
document.addEventListener("input", (event) => {
  if (event.target.dataset.keep) sessionStorage.setItem(memory(event.target), event.target.value);
});

function ready() {
  restore();
  say();
  follow();
  along();
}
ready();
document.addEventListener("htmx:afterSwap", ready);
