/* Follows a run: asks for the parts of its page that change and puts them in place. */
"use strict";

const page = document.querySelector("[data-live]");

const take = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const goesOn = fresh.querySelector("[data-goes-on]") !== null;
  for (const part of fresh.querySelectorAll("[data-version]")) {
    const old = document.getElementById(part.id);
    if (old.dataset.version === part.dataset.version) continue;
    const open = old.querySelector("details")?.open;
    const left = old.querySelector(".scroll")?.scrollLeft ?? 0;
    old.replaceWith(part);
    if (open) part.querySelector("details")?.setAttribute("open", "");
    if (left) part.querySelector(".scroll").scrollLeft = left;
  }
  return goesOn;
};

const follow = async () => {
  let goesOn = true;
  try {
    const response = await fetch(page.dataset.live, { redirect: "manual" });
    if (response.type === "opaqueredirect") return location.reload(); // signed out meanwhile
    if (response.ok) goesOn = take(await response.text());
  } catch {
    // the server is away for a moment: ask again
  }
  if (goesOn) setTimeout(follow, document.hidden ? 5000 : 1000);
};

if (page) setTimeout(follow, 500);
