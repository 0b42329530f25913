// The page of an upload: looks again every second until the upload has been read. Without scripts the page reloads itself.
"use strict";
async function look() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("job");
      const shown = document.getElementById("job");
      if (fresh && !("unfinished" in fresh.dataset)) {
        shown.replaceWith(fresh);
        fresh.setAttribute("tabindex", "-1");
        fresh.focus();
        return;
      }
      if (fresh) {
        // Only what changed, so that a screen reader says the news and not the whole page.
        const [from, to] = [fresh, shown].map((job) => job.querySelector("[role=status]"));
        if (from.textContent !== to.textContent) to.replaceChildren(...from.childNodes);
        shown.querySelector("progress").replaceWith(fresh.querySelector("progress"));
      }
    }
  } catch {
    // The network is away for a moment: the next look may find it.
  }
  setTimeout(look, 1000);
}
setTimeout(look, 1000);
