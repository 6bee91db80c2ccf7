// Dialogs are native <dialog>. data-dialog="id" opens one, data-close closes, a click beside it closes; a dialog
// that arrives by htmx with data-open opens itself. data-confirm="Question" on a form or button asks first
// (data-confirm-more: a second sentence, data-confirm-yes: the button's words); hx-confirm uses the same dialog.

const box = document.getElementById("confirm");

function ask(question, more = "", yes = "") {
  const button = box.querySelector("[data-confirm-yes]");
  button.dataset.words ??= button.textContent;
  button.textContent = yes || button.dataset.words;
  box.querySelector("[data-confirm-text]").textContent = question;
  const second = box.querySelector("[data-confirm-more]");
  second.textContent = more;
  second.hidden = !more;
  box.returnValue = "no";
  box.showModal();
  return new Promise((answer) => box.addEventListener("close", () => answer(box.returnValue === "yes"), { once: true }));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const edge = event.target.getBoundingClientRect();
    const inside = event.clientX > edge.left && event.clientX < edge.right && event.clientY > edge.top && event.clientY < edge.bottom;
    if (!inside && event.clientX) event.target.close();
  }
});

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!source.dataset.confirm) return;
    if (form.dataset.asked === "yes") {
      delete form.dataset.asked;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(source.dataset.confirm, source.dataset.confirmMore, source.dataset.confirmYes).then((sure) => {
      if (!sure) return;
      form.dataset.asked = "yes";
      form.requestSubmit(event.submitter);
    });
  },
  true,
);

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const { confirmMore, confirmYes } = event.detail.elt.dataset;
  ask(event.detail.question, confirmMore, confirmYes).then((sure) => sure && event.detail.issueRequest(true));
});

document.addEventListener("htmx:afterSettle", () => {
  for (const dialog of document.querySelectorAll("dialog[data-open]:not([open])")) dialog.showModal();
});
