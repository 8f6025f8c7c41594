// The pages work without this: it saves a click on the way to GitHub, and a reload while waiting.
"use strict";

const handover = document.getElementById("handover");
if (handover) handover.submit();

const steps = document.getElementById("steps");
const EVERY = 2000;
const WORDS = { done: "done", now: "waiting", later: "later" };

function show(told) {
  for (const step of told.steps) {
    const line = steps.querySelector(`[data-step="${step.name}"]`);
    const text = line.querySelector("[data-text]");
    line.querySelector("[data-title]").textContent = step.title;
    if (line.className !== step.state && step.state === "done") {
      document.getElementById("told").textContent = step.title;
    }
    line.className = step.state;
    line.querySelector("[data-state]").textContent = WORDS[step.state];
    if (text.textContent !== step.text) text.textContent = step.text;
  }
}

async function look() {
  try {
    const answer = await fetch("/setup/progress", { headers: { accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      show(told);
      const was = steps.dataset;
      // Then the page's other parts change, too.
      const news = (told.failing && was.failing === "no") || (told.installed && was.installed === "no");
      if (told.done || news) {
        window.location.reload();
        return;
      }
    }
  } catch {
    // Covgate starts its parts anew just after the App was made: it answers again soon.
  }
  window.setTimeout(look, EVERY);
}

if (steps && steps.dataset.done === "no") window.setTimeout(look, EVERY);
