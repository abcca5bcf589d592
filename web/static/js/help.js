// The help: what is typed leaves only what speaks of it.
import { byId } from "./page.js";

const field = byId("help-search");
const sections = [...document.querySelectorAll(".help-text section")];

function search() {
  const wanted = field.value.trim().toLowerCase();
  for (const section of sections) {
    const title = section.querySelector("h2").textContent.toLowerCase();
    const lines = [...section.querySelectorAll("dl > div")];
    const isWhole = title.includes(wanted);
    for (const line of lines) line.hidden = !isWhole && !line.textContent.toLowerCase().includes(wanted);
    section.hidden = !isWhole && lines.every((line) => line.hidden);
    document.querySelector(`.help-contents a[href="#${section.id}"]`).parentElement.hidden = section.hidden;
  }
  byId("help-nothing").hidden = sections.some((section) => !section.hidden);
}

field.addEventListener("input", search);
field.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || field.value === "") return;
  field.value = "";
  search();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input")) return;
  event.preventDefault();
  field.focus();
});
