// Administration: one section at a time, its address kept, so that reload, back and sharing work.
import { byId, data, make, t, term } from "./page.js";
import { fill, isAnythingDirty } from "./admin-parts.js";
import { showAccounts, showWalls } from "./admin-accounts.js";
import { showDevices } from "./admin-devices.js";
import { showDuties, showSubstitutes, showVacancies } from "./admin-duties.js";
import { show as showRegister } from "./admin-register.js";
import { showCalendar, showCategories, showDepartments, showPolicy, showRules } from "./admin-rules.js";

const SHOWS = {
  accounts: showAccounts, wall: showWalls, devices: showDevices, duties: showDuties, substitutes: showSubstitutes,
  vacancies: showVacancies, departments: showDepartments, sub_categories: showCategories, rules: showRules, calendar: showCalendar, policy: showPolicy,
};
const room = byId("admin-room");
const links = [...document.querySelectorAll("#admin-nav [data-section]")];
const choice = byId("admin-choose");
const known = links.map((link) => link.dataset.section);

async function show(section, q = "") {
  for (const link of links) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  choice.value = section;
  document.title = `${term("admin.section", section)} · ${t("admin.title")} · gisgrid`;
  // A place of its own: what comes late for another section is not shown here.
  const place = make("div", { className: "stack room", dataset: { section } });
  room.replaceChildren(place);
  await fill(place, async () => {
    const made = make("div", { className: "stack" });
    await (SHOWS[section] ?? ((of) => showRegister(of, section, { q })))(made, q);
    return [...made.childNodes];
  });
  place.dataset.shown = "";
}

function go(section) {
  if (isAnythingDirty()) return;
  history.pushState(null, "", `/admin?section=${section}`);
  show(section);
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.dataset.section);
  });
}
choice.addEventListener("change", () => go(choice.value));

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  const section = asked.get("section") ?? data.section;
  show(known.includes(section) ? section : known[0], asked.get("q") ?? "");
}
addEventListener("popstate", fromAddress);
fromAddress();
