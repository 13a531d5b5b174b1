/* Draws the report of `blazon report --format html` from the JSON in the page. Texts go in as text, never as markup. */
"use strict";
(() => {
  const colors = ["#1f6fb4", "#d9640a", "#2e8540", "#b3261e", "#7a52b3", "#8a5a3c", "#c2479e", "#5f6b76", "#9a9a00", "#0f98a8"];
  const most = colors.length; /* lines in a plot */
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.getElementById("report");
  const count = n => n.toLocaleString("en-US", { maximumFractionDigits: 0 });
  const short = x => Math.abs(x) >= 1000 ? count(x) : String(Number(x.toPrecision(3)));
  const day = t => t.slice(0, 10);

  function add(parent, name, text, cls) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (cls) e.className = cls;
    parent.appendChild(e);
    return e;
  }

  function row(table, cells, kind) {
    const tr = add(table, "tr");
    for (const c of cells) {
      if (c instanceof Node) add(tr, kind || "td").appendChild(c);
      else add(tr, kind || "td", c);
    }
    return tr;
  }

  function swatch(name, color) {
    const cell = document.createElement("span");
    if (color) add(cell, "span", "", "swatch").style.background = color;
    cell.appendChild(document.createTextNode(name));
    return cell;
  }

  function interval(arm, least, greatest, color) {
    const box = document.createElement("div");
    box.className = "interval";
    if (arm.low === undefined) return box;
    const at = x => Math.min(100, Math.max(0, 100 * (x - least) / (greatest - least || 1)));
    const bar = add(box, "i"), dot = add(box, "b");
    bar.style.left = at(arm.low) + "%";
    bar.style.width = at(arm.high) - at(arm.low) + "%";
    dot.style.left = at(arm.mean) + "%";
    bar.style.background = dot.style.background = color || "#888";
    box.title = short(arm.mean) + ", " + short(arm.low) + " to " + short(arm.high);
    return box;
  }

  function arms(e, section, color) {
    const known = e.arms.filter(a => a.low !== undefined);
    const least = Math.min(0, ...known.map(a => a.low)), greatest = Math.max(...known.map(a => a.high));
    const table = add(add(section, "div", undefined, "wide"), "table");
    row(table, ["arm", "shown", "drawn", "expected", "rewards", "mean", "95%, at all times at once", "best", "less than the leader"], "th");
    for (const a of e.arms) {
      const less = a.name === e.leader ? "leader" : a.less_than_leader === undefined ? "" : short(a.less_than_leader) + " ± " + short(a.less_than_leader_width);
      row(table, [swatch(a.name, color(a.name)), count(a.shown), a.drawn === undefined ? "–" : count(a.drawn), a.expected === undefined ? "–" : count(a.expected),
        count(a.rewards), a.mean === undefined ? "–" : short(a.mean), interval(a, least, greatest, color(a.name)), a.best === undefined ? "–" : (100 * a.best).toFixed(1) + "%", less]);
    }
  }

  function plot(e, parent, title, member, names, color) {
    const points = e.points.filter(p => p[member]);
    if (points.length < 2) return;
    const box = add(parent, "div", undefined, "plot");
    add(box, "h3", title);
    const at = names.map(n => e.arms.findIndex(a => a.name === n));
    const series = at.map(k => points.map(p => 100 * p[member][k]));
    const axis = { stroke: "#555", grid: { stroke: "#eee" }, ticks: { stroke: "#ddd" } };
    new uPlot({
      width: Math.min(500, document.documentElement.clientWidth - 40), height: 260,
      scales: { x: { time: false }, y: { range: [0, 100] } },
      axes: [{ ...axis, values: (u, v) => v.map(count) }, { ...axis, values: (u, v) => v.map(x => x + "%") }],
      legend: { live: false },
      series: [{ label: e.kind === "choice" ? "showings" : "subjects" },
        ...names.map(n => ({ label: n, stroke: color(n), width: 2, points: { show: false } }))],
    }, [points.map(p => p.shown), ...series], box);
  }

  function verdict(e, section) {
    if (e.withheld) {
      add(section, "p", "Which arm is best is not said: " + e.withheld + ".", "note");
      return;
    }
    const best = e.arms.find(a => a.name === e.leader), unit = e.kind === "choice" ? " showings" : " subjects";
    let text = (e.learned_after ? "Best: " : "Leading: ") + e.leader + ", the best with a probability of " + (100 * best.best).toFixed(1) + "%";
    text += e.learned_after ? "; above 95% since " + count(e.learned_after) + unit + "." : "; 95% not reached yet, after " + count(e.shown) + unit + ".";
    if (e.regret_at_most !== undefined) {
      text += " Always showing the best would have earned at most " + short(e.regret_at_most) + " more";
      text += e.reward > 0 ? " (" + (100 * e.regret_at_most / e.reward).toFixed(0) + "% of what was earned)." : ".";
    }
    if (e.apart) text += " Some arms never had a chance where the leader had one: they were shown to others, and are compared with care.";
    add(section, "p", text, e.learned_after ? "best" : "leading");
  }

  function guards(e, section) {
    const table = add(section, "table", undefined, "guards");
    for (const g of e.guards) {
      const tr = row(table, [g.state === "tripped" ? "TRIPPED" : g.state === "ok" ? "ok" : "–", g.name, g.text]);
      tr.firstChild.className = g.state;
    }
  }

  function entry(e) {
    const section = add(root, "section");
    add(section, "h2", e.kind + " " + e.name);
    const when = e.first ? ", " + day(e.first) + " to " + day(e.last) : "";
    if (e.decisions) {
      const words = { policy: "drawn", sticky: "sticky", holdout: "held out", fallback: "by fallback", none: "none" };
      const parts = Object.keys(words).filter(k => e.decisions[k]).map(k => count(e.decisions[k]) + " " + words[k]);
      const all = Object.values(e.decisions).reduce((a, b) => a + b, 0);
      add(section, "p", count(all) + " decisions for " + count(e.subjects) + " subjects: " + parts.join(", ") + when, "dim");
      for (const r of e.reasons) add(section, "p", count(r.decisions) + " times: " + r.reason, "dim");
    } else add(section, "p", count(e.subjects) + " subjects met their arms" + when, "dim");
    add(section, "p", count(e.rewards) + " rewards" + (e.reward === e.rewards ? "" : ", " + short(e.reward) + " in all"), "dim");
    verdict(e, section);
    const names = e.arms.filter(a => a.shown).sort((a, b) => (b.best || 0) - (a.best || 0) || b.shown - a.shown).slice(0, most).map(a => a.name);
    const color = n => colors[names.indexOf(n)];
    arms(e, section, color);
    guards(e, section);
    const plots = add(section, "div", undefined, "plots");
    plot(e, plots, "Probability of being the best", "best", names, color);
    plot(e, plots, "Share of what was shown", "share", names, color);
    if (e.arms.filter(a => a.shown).length > most) add(section, "p", "The plots show the " + most + " arms that are most probably the best.", "dim");
  }

  add(root, "h1", "Decisions");
  add(root, "p", data.state + ", by Blazon " + data.blazon, "dim");
  if (!data.entries.length) add(root, "p", "Nothing was decided yet.");
  for (const e of data.entries) entry(e);
})();
