// Colour scheme: <button data-theme="light|dark|system">. The cookie lets the server write it into the next page.

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-theme]");
  if (!button) return;
  document.documentElement.dataset.bsTheme = button.dataset.theme;
  document.cookie = `theme=${button.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  for (const other of document.querySelectorAll("button[data-theme]"))
    other.setAttribute("aria-pressed", String(other.dataset.theme === button.dataset.theme));
});
