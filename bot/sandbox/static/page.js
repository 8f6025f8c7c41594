"use strict";

// A page that follows along: asked for again every second; what changed is put in its place.
function follow() {
  let tag = "";
  let failures = 0;
  const gone = document.getElementById("gone");

  async function look() {
    if (!document.hidden) {
      try {
        const headers = tag ? { "If-None-Match": tag } : {};
        const answer = await fetch(location.pathname, { headers, cache: "no-store" });
        failures = 0;
        gone.hidden = true;
        if (answer.status === 200) {
          tag = answer.headers.get("ETag") || "";
          replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
        }
      } catch {
        failures += 1;
        gone.hidden = failures < 3;
      }
    }
    setTimeout(look, 1000);
  }
  look();
}

// What the server said last of each part: a fold that was opened since is no change.
const said = new Map();

function replace(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const next = fresh.querySelector(`[data-part="${name}"]`);
    if (!next || said.get(name) === next.innerHTML) continue;
    said.set(name, next.innerHTML);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const open = new Set([...part.querySelectorAll("details[open]")].map(keyOf));
    for (const fold of next.querySelectorAll("details")) {
      if (open.has(keyOf(fold))) fold.open = true;
    }
    part.replaceChildren(...next.childNodes);
    reachScrolled();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

function keyOf(fold) {
  if (fold.id) return fold.id;
  const summary = fold.querySelector("summary")?.textContent || "";
  return summary.replace(/\d+/g, "#");
}

// What is scrolled inside of a comment can be scrolled by keyboard, too.
function reachScrolled() {
  for (const box of document.querySelectorAll(".markdown :is(table, pre)")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// A source: "#L12-L15" marks the lines 12 to 15.
function chooseLines() {
  for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
  const found = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash);
  const label = document.getElementById("chosen");
  label.textContent = "";
  if (!found) return;
  const first = Number(found[1]);
  const last = Number(found[2] || first);
  for (let number = first; number <= last; number += 1) {
    const row = document.getElementById(`L${number}`);
    if (!row) break;
    row.classList.add("chosen");
  }
  label.textContent = first === last ? `· line ${first}` : `· lines ${first} to ${last}`;
  document.getElementById(`L${first}`)?.scrollIntoView({ block: "center" });
}

if ("follow" in document.body.dataset) {
  for (const part of document.querySelectorAll("[data-part]")) {
    said.set(part.dataset.part, part.innerHTML);
  }
  follow();
}
reachScrolled();
addEventListener("resize", reachScrolled);
document.addEventListener("toggle", reachScrolled, true);
if ("source" in document.body.dataset) {
  chooseLines();
  addEventListener("hashchange", chooseLines);
}
