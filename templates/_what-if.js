"use strict";
(function () {
  const get = function (id) { return document.getElementById(id); };
  const data = JSON.parse(get("grid").textContent);
  const cap = get("cap"), small = get("small");
  const knobs = [cap, small];

  function path(xs, ys) {
    let text = "", pen = "M";
    ys.forEach(function (y, k) {
      if (y === null) { pen = "M"; return; }
      text += pen + xs[k] + " " + y;
      pen = "L";
    });
    return text;
  }

  function draw() {
    const c = Number(cap.value), s = Number(small.value), point = data.points[c][s];
    const isGap = !Array.isArray(point);
    knobs.forEach(function (knob) {
      const words = knob.dataset.words.split("|")[Number(knob.value)];
      get(knob.id + "-value").textContent = words;
      knob.setAttribute("aria-valuetext", words);
    });
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      place.textContent = isGap ? "\u2013" : point[1 + Number(place.dataset.figure)];
    });
    const status = isGap ? data.gaps[point] : point[0].map(function (k) { return data.words[k]; }).join(" ");
    if (get("status").textContent !== status) { get("status").textContent = status; }  // else it is read out at each step
    get("status").className = isGap || point[0][0] ? "status-line beyond" : "status-line within";
    document.querySelectorAll(".view").forEach(function (view) {
      const xs = data.x[view.dataset.view], ys = data.y[view.dataset.view][c], spot = view.querySelector(".spot");
      view.querySelector(".curve").setAttribute("d", path(xs, ys));
      spot.setAttribute("visibility", ys[s] === null ? "hidden" : "visible");
      if (ys[s] !== null) { spot.setAttribute("transform", "translate(" + xs[s] + " " + ys[s] + ")"); }
    });
  }

  function read() {
    new URLSearchParams(location.hash.slice(1)).forEach(function (value, key) {
      const knob = get(key);
      if (!knobs.includes(knob)) { return; }
      const at = knob.dataset.words.split("|").indexOf(value.replace(" ", "\u00a0"));
      if (at >= 0) { knob.value = at; }
    });
  }

  function write() {
    const state = knobs.map(function (knob) {
      return knob.id + "=" + encodeURIComponent(knob.dataset.words.split("|")[Number(knob.value)]);
    });
    history.replaceState(null, "", "#" + state.join("&"));
  }

  knobs.forEach(function (knob) {
    knob.addEventListener("input", draw);
    knob.addEventListener("change", write);
  });
  get("reset").addEventListener("click", function () {
    cap.value = data.start[0];
    small.value = data.start[1];
    draw();
    write();
  });
  window.addEventListener("hashchange", function () { read(); draw(); });
  get("knobs").hidden = false;
  read();
  draw();
}());
