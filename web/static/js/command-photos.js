// Photos of an incident: small pictures, one large in a dialog, and adding some.
import { make, may, t } from "./page.js";
import { get, OfflineError, send } from "./api.js";
import { metresText, momentText } from "./formats.js";
import { withSession } from "./session-again.js";

export async function render(place, incident, changed) {
  const photos = await get(`/incidents/${incident.number}/photos`).catch(() => null);
  if (photos === null) return;
  const title = make("h3", {}, t("card.photos", { n: photos.length }));
  if (!may("read_names")) {
    place.replaceChildren(title);
    return;
  }
  const problem = make("p", { className: "message bad", role: "alert", hidden: true });
  const input = make("input", { type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, className: "hidden-title" });
  const button = make("label", { className: "button no-print" }, t("card.add_photo"), input);
  input.addEventListener("change", async () => {
    problem.hidden = true;
    button.classList.add("busy");
    for (const file of input.files) {
      const body = new FormData();
      body.append("photo", file);
      try {
        await withSession(() => send("POST", `/incidents/${incident.number}/photos`, body));
      } catch (error) {
        problem.textContent = `${file.name}: ${error instanceof OfflineError ? t("card.not_sent") : error.message}`;
        problem.hidden = false;
        break;
      }
    }
    button.classList.remove("busy");
    input.value = "";
    if (problem.hidden) {
      await render(place, incident, changed);
      changed();
    }
  });
  place.replaceChildren(title,
    make("ul", { className: "photos" }, photos.map((photo) => make("li", {},
      make("button", { type: "button", onclick: () => enlarge(photo) },
        make("img", { src: photo.thumbnail_url, alt: caption(photo), loading: "lazy" }))))),
    problem, ["report_incident", "move_incident"].some(may) ? button : "");
}

const caption = (photo) => [
  t("card.photo_by", { who: photo.added_by, at: momentText(photo.taken_at ?? photo.added_at) }),
  photo.distance_m !== null && t("card.photo_far", { distance: metresText(photo.distance_m) }),
].filter(Boolean).join(" · ");

function enlarge(photo) {
  const dialog = make("dialog", { className: "photo", "aria-label": caption(photo), onclose: () => dialog.remove() },
    make("img", { src: photo.url, alt: caption(photo) }), make("p", { className: "quiet small" }, caption(photo)),
    make("form", { method: "dialog" }, make("button", {}, t("shell.close"))));
  document.body.append(dialog);
  dialog.showModal();
}
