// Lengths of a freeze: a button sets the last day from the first one; the button whose length the days have is pressed.
const form = document.querySelector("form[data-lengths]");
const first = form.elements.starts_on;
const last = form.elements.ends_on;
const DAY = 86_400_000;

function show() {
  const days = (last.valueAsNumber - first.valueAsNumber) / DAY + 1;
  for (const button of form.querySelectorAll("[data-days]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
  }
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-days]");
  if (!button || !first.value) return;
  last.valueAsNumber = first.valueAsNumber + (Number(button.dataset.days) - 1) * DAY;
  last.dispatchEvent(new Event("change", { bubbles: true }));
});
form.addEventListener("change", show);
show();
