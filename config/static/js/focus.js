// Where focus goes after a page or a part arrives: the first wrong field, else [data-focus]; never away from
// somebody who types. What is announced politely: the text of [data-announce].

const typing = () => {
  const field = document.activeElement;
  return field?.matches("input:not([type=checkbox], [type=radio]), textarea, select") && field.isConnected;
};

function settle(part) {
  const wrong = part.querySelector("[aria-invalid=true]");
  const goal = wrong ?? part.querySelector("[data-focus]");
  if (wrong || !typing()) goal?.focus();
  const news = part.matches?.("[data-announce]") ? part : part.querySelector("[data-announce]");
  if (news) document.getElementById("announce").textContent = news.dataset.announce;
}

settle(document.body);
document.addEventListener("htmx:afterSettle", (event) => settle(event.target));
