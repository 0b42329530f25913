// The pages of a first reading and of a first score: looks again every two seconds until it has ended. Without scripts the page reloads itself.
"use strict";
async function look() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("job");
      const shown = document.getElementById("job");
      const ended = fresh && !("unfinished" in fresh.dataset);
      if (ended) {
        shown.replaceWith(fresh);
        fresh.setAttribute("tabindex", "-1");
        fresh.focus();
        return;
      }
      if (fresh) {
        // Only what changed, so that a screen reader says the news and not the whole page.
        for (const part of ["[role=status]", ".found"]) {
          const [from, to] = [fresh, shown].map((job) => job.querySelector(part));
          if (from && to && from.textContent !== to.textContent) to.replaceChildren(...from.childNodes);
          if (from && !to) shown.querySelector("section").after(from);
        }
        const [bar, old] = [fresh, shown].map((job) => job.querySelector("progress"));
        if (bar && old && !bar.isEqualNode(old)) old.replaceWith(bar);
      }
    }
  } catch {
    // The network is away for a moment: the next look may find it.
  }
  setTimeout(look, 2000);
}
setTimeout(look, 2000);
