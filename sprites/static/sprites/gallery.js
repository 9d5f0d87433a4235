// What a script adds to pages that work without one: the list changes in place as a visitor types
// or clicks, with the address kept true; a sprite's address can be copied; a lost file says so.
"use strict";
(() => {
  const search = document.querySelector(".search");
  const status = document.createElement("p");
  status.className = "unseen";
  status.setAttribute("role", "status");
  document.body.append(status);
  let shown = location.pathname + location.search;
  let asked = null;
  let timer = 0;

  // Fetch a page of the same kind and put its marked parts in place of ours.
  async function show(url, { record = "push", top = false } = {}) {
    asked?.abort();
    asked = Object.assign(new AbortController(), { record });
    let page;
    try {
      const reply = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
      page = new DOMParser().parseFromString(await reply.text(), "text/html");
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
      return;
    }
    const parts = [...document.querySelectorAll("[data-swap]")];
    const fresh = parts.map((part) => page.getElementById(part.id));
    if (!parts.length || fresh.includes(null)) return location.assign(url);
    if (record === "push") history.pushState(null, "", url);
    if (record === "replace") history.replaceState(null, "", url);
    swap(parts, fresh);
    arrive(top);
  }

  function swap(parts, fresh) {
    const open = document.querySelector(".menu[open]")?.id;
    const focused = document.activeElement?.id;
    parts.forEach((part, place) => part.replaceWith(fresh[place]));
    document.getElementById(open)?.setAttribute("open", "");
    if (focused && document.activeElement?.id !== focused) {
      (document.getElementById(focused) || document.getElementById("found"))?.focus({ preventScroll: true });
    }
    reveal();
  }

  // Keep title, search field and the form's way back in step with the address.
  function arrive(top) {
    shown = location.pathname + location.search;
    document.title = document.querySelector("[data-title]")?.dataset.title || document.title;
    document.querySelector("[data-here]")?.setAttribute("value", shown);
    const field = search?.elements.q;
    const wanted = new URLSearchParams(location.search).get("q") || "";
    if (field && field !== document.activeElement) field.value = wanted;
    status.textContent = document.querySelector("h1").textContent;
    const target = top ? document.getElementById("main") : document.getElementById(location.hash.slice(1));
    if (target) {
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "start" });
    }
  }

  function typed() {
    const url = new URL(location.href);
    url.searchParams.delete("page");
    url.searchParams.set("q", search.elements.q.value.trim());
    if (!url.searchParams.get("q")) url.searchParams.delete("q");
    return url;
  }

  function reveal() {
    for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  }

  search?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(typed(), { record: "replace" }), 180);
  });
  search?.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    show(typed());
  });

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).value).then(() => {
        status.textContent = copy.textContent = copy.dataset.done;
      });
    }
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const link = event.target.closest("[data-swap] a[href]");
    const plain = !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || link.pathname !== location.pathname || link.hasAttribute("download")) return;
    event.preventDefault();
    show(link.href, { top: link.hasAttribute("data-top") });
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  addEventListener("popstate", () => {
    if (location.pathname + location.search !== shown) show(location.href, { record: "" });
    else if (asked?.record === "") asked.abort(); // Back asked for it, and Forward has left it
  });

  // An image that the storage has lost leaves its stage, and words in its place.
  function lost(image) {
    const stage = image.closest(".stage");
    const words = image.closest("[data-gone]")?.dataset.gone;
    if (!stage || !words) return;
    if (image.alt) {
      const note = document.createElement("span");
      note.className = "missing";
      note.textContent = `${image.alt}: ${words}`;
      stage.append(note);
    }
    image.remove();
  }

  addEventListener("error", ({ target }) => target instanceof HTMLImageElement && lost(target), true);
  for (const image of document.querySelectorAll(".stage img:not([src$='.svg'])")) {
    if (image.complete && !image.naturalWidth) lost(image);
  }

  reveal();
})();
