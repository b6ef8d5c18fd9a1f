"use strict";
(function () {
  const get = function (id) { return document.getElementById(id); };
  const data = JSON.parse(get("grid").textContent);
  const cap = get("cap"), small = get("small");
  const knobs = [cap, small];
  let atProposal = false;  // else the knobs stand at a point of the grid

  function path(xs, ys) {
    let text = "", pen = "M";
    ys.forEach(function (y, k) {
      if (y === null) { pen = "M"; return; }
      text += pen + xs[k] + " " + y;
      pen = "L";
    });
    return text;
  }

  function word(knob) {
    return atProposal ? data.proposal.knobs[knob.id] : knob.dataset.words.split("|")[Number(knob.value)];
  }

  function draw() {
    const c = Number(cap.value), s = Number(small.value), point = data.points[c][s];
    const isGap = !atProposal && !Array.isArray(point);
    const figures = atProposal ? data.proposal.figures : isGap ? null : point.slice(1);
    knobs.forEach(function (knob) {
      get(knob.id + "-value").textContent = word(knob);
      document.querySelector("[data-knob=" + knob.id + "]").textContent = word(knob);
      knob.setAttribute("aria-valuetext", word(knob));
    });
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      place.textContent = figures ? figures[Number(place.dataset.figure)] : "\u2013";
    });
    const status = atProposal ? data.proposal.status
      : isGap ? data.gaps[point] : point[0].map(function (k) { return data.words[k]; }).join(" ");
    if (get("status").textContent !== status) { get("status").textContent = status; }  // else it is read out at each step
    const isBeyond = atProposal ? data.proposal.beyond : isGap || point[0][0];
    get("status").className = isBeyond ? "status-line beyond" : "status-line within";
    document.querySelectorAll(".view").forEach(function (view) {
      const key = view.dataset.view, xs = data.x[key], ys = data.y[key][c], spot = view.querySelector(".spot");
      const place = atProposal ? data.proposal.spots[key] : ys[s] === null ? null : [xs[s], ys[s]];
      view.querySelector(".curve").setAttribute("d", path(xs, ys));
      spot.setAttribute("visibility", place ? "visible" : "hidden");
      if (place) { spot.setAttribute("transform", "translate(" + place[0] + " " + place[1] + ")"); }
    });
  }

  function start() {
    atProposal = data.proposal !== null;
    cap.value = data.start[0];
    small.value = data.start[1];
  }

  function read() {
    start();
    new URLSearchParams(location.hash.slice(1)).forEach(function (value, key) {
      const knob = get(key);
      if (!knobs.includes(knob)) { return; }
      const wanted = parseFloat(value), words = knob.dataset.words.split("|");
      if (!isFinite(wanted)) { return; }
      const far = words.map(function (text) { return Math.abs(parseFloat(text) - wanted); });
      knob.value = far.indexOf(Math.min.apply(null, far));
      atProposal = false;
    });
  }

  function write() {
    const state = knobs.map(function (knob) { return knob.id + "=" + encodeURIComponent(word(knob)); });
    history.replaceState(null, "", atProposal ? "#" : "#" + state.join("&"));
  }

  knobs.forEach(function (knob) {
    knob.addEventListener("input", function () { atProposal = false; draw(); });
    knob.addEventListener("change", write);
  });
  get("reset").addEventListener("click", function () {
    start();
    draw();
    write();
  });
  window.addEventListener("hashchange", function () { read(); draw(); });
  get("knobs").hidden = false;
  read();
  draw();
}());
