// Suggestions as one types, for places and schools: the input's datalist names the address.
(() => {
  "use strict";
  let timer, last = "";
  document.addEventListener("input", (e) => {
    const list = e.target.matches("[data-suggest]") ? e.target.list : null;
    if (!list) return;
    const q = e.target.value.trim();
    clearTimeout(timer);
    if (!q || q === last) return;
    timer = setTimeout(async () => {
      last = q;
      const answer = await fetch(`${list.dataset.url}?q=${encodeURIComponent(q)}`);
      if (!answer.ok) return;
      const { items } = await answer.json();
      list.replaceChildren(...items.map((p) => Object.assign(document.createElement("option"), { value: p })));
    }, 150);
  });
})();
