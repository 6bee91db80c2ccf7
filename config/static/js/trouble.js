// What went wrong with a request of a part: a session that ended leads to the sign-in page, anything else is said
// in the messages' place with the words of <template id="no-answer">.

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const came = new URL(event.detail.xhr.responseURL || location.href, location.href);
  if (!came.pathname.startsWith("/accounts/") || location.pathname.startsWith("/accounts/")) return;
  event.preventDefault();
  location.reload();
});

function say() {
  const place = document.getElementById("messages") ?? document.getElementById("main");
  place.querySelectorAll("[data-trouble]").forEach((old) => old.remove());
  place.prepend(document.getElementById("no-answer").content.cloneNode(true));
  place.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:responseError", say);
document.addEventListener("htmx:sendError", say);
document.addEventListener("htmx:timeout", say);
