// A file that is too large is refused before it is sent: the server would close the door while it is on its way.
for (const input of document.querySelectorAll("input[type=file][data-longest]")) {
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.setCustomValidity(file && file.size > Number(input.dataset.longest) ? input.dataset.tooLong : "");
    input.reportValidity();
  });
}
