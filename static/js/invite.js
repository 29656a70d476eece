// The recruiter's form: saved as it is typed, known units fill it in, pictures go up as chosen.
(() => {
  "use strict";
  const form = document.querySelector("[data-autosave]");
  if (!form) return;
  const said = form.querySelector("[data-saved]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let timer;
  const save = async () => {
    const data = new FormData();
    for (const [key, value] of new FormData(form)) if (typeof value === "string") data.append(key, value);
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: data, keepalive: true });
      said.textContent = answer.ok ? "已自动保存。" : "没有自动保存，请检查网络。";
    } catch { said.textContent = "网络中断，恢复后会继续保存。"; }
  };
  form.addEventListener("input", (e) => {
    if (e.target.type === "file") return;
    clearTimeout(timer); timer = setTimeout(save, 800);
  });
  form.addEventListener("change", (e) => { if (e.target.type !== "file") { clearTimeout(timer); save(); } });

  const send = async (box, file) => {
    const data = new FormData(), line = box.querySelector("[data-said]");
    data.append("csrfmiddlewaretoken", token); data.append("image", file);
    line.textContent = "上传中…"; line.className = "soft small";
    try {
      const answer = await fetch(box.dataset.slot, { method: "POST", body: data });
      const result = await answer.json();
      if (!answer.ok) throw new Error(result.error);
      let picture = box.querySelector("img");
      if (!picture) { picture = document.createElement("img"); picture.alt = ""; box.prepend(picture); }
      picture.src = URL.createObjectURL(file);
      box.dataset.filled = ""; line.textContent = `已上传，压缩为 ${Math.ceil(result.size / 1024)} KB`;
    } catch (problem) { line.textContent = problem.message || "没有上传成功，请再试。"; line.className = "error"; }
    box.querySelector("input").value = "";
  };
  for (const box of form.querySelectorAll("[data-slot]"))
    box.querySelector("input").addEventListener("change", (e) => { if (e.target.files[0]) send(box, e.target.files[0]); });

  // Units known by name or code: choosing one fills in what is still empty.
  const name = form.querySelector("#id_unit_name"), code = form.querySelector("#id_unit_code");
  if (!name) return;
  const list = document.createElement("datalist");
  list.id = "known-units"; form.append(list); name.setAttribute("list", list.id);
  let known = [];
  const fill = (unit) => {
    for (const [key, value] of Object.entries(unit)) {
      const field = form.querySelector(`#id_${key}`);
      if (field && !field.value && value) field.value = value;
    }
    save();
  };
  const look = async (typed) => {
    if (typed.length < 2) return;
    const answer = await fetch(`${form.dataset.units}?q=${encodeURIComponent(typed)}`);
    if (!answer.ok) return;
    known = (await answer.json()).items;
    list.replaceChildren(...known.map((u) => Object.assign(document.createElement("option"), { value: u.unit_name, label: u.unit_code })));
    const exact = known.find((u) => u.unit_name === typed || u.unit_code === typed);
    if (exact) fill(exact);
  };
  let pause;
  for (const field of [name, code]) field.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(() => look(field.value.trim()), 250); });
})();
