(() => {
  const hues = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];

  const head = () => {
    const all = run.reproductions.flatMap(r => r.checks);
    const held = all.filter(c => c.as_published).length;
    el(page, "h1", "", "Published results, computed anew");
    el(page, "p", "", held + " of " + all.length + " figures came out as published (" + run.form + " form).");
  };

  const table = (grid, checks) => {
    const box = el(card(grid, "", true), "div", "scroll");
    const lines = el(box, "table", "checks");
    const names = el(lines, "tr");
    ["", "published", "ours", "wanted", ""].forEach(name => el(names, "th", "", name));
    checks.forEach(check => {
      const line = el(lines, "tr");
      el(line, "td", "what", check.what);
      el(line, "td", "", check.published);
      el(line, "td", "ours", check.ours);
      el(line, "td", "", check.wanted);
      el(line, "td", check.as_published ? "held" : "bad", check.as_published ? "as published" : "not as published");
      if (check.reason) {
        const why = el(el(lines, "tr"), "td", "reason", check.reason);
        why.colSpan = 5;
      }
    });
  };

  const curves = (grid, figure) => {
    const joined = uPlot.join(figure.curves.map(c => [c.x, figure.log ? only(c.y, v => v > 0) : c.y]));
    const many = figure.curves.length > hues.length;
    const tint = i => (many ? ramp(i / (figure.curves.length - 1)) : colour(hues[i]));
    chart(card(grid, figure.title + (figure.log ? " (log scale)" : "")), {
      x: figure.x, data: joined, log: figure.log, height: 280,
      series: () => figure.curves.map((c, i) => ({ label: c.name, stroke: tint(i), points: { show: c.x.length < 16, size: 6 } })),
    });
  };

  /** Ticks at round numbers, some five of them. */
  const ticks = (low, high) => {
    const rough = (high - low) / 5;
    const power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough);
    const list = [];
    for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * step; v += step) list.push(v);
    return list;
  };

  const heat = (grid, figure) => {
    const box = card(grid, figure.title);
    const canvas = el(box, "canvas", "heat");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.title);
    const names = el(box, "div", "ramp");
    const edges = list => list.map((v, i) => (i === 0 ? v - (list[1] - v) / 2 : (v + list[i - 1]) / 2)).concat([list[list.length - 1] + (list[list.length - 1] - list[list.length - 2]) / 2]);
    const xs = edges(figure.columns), ys = edges(figure.rows);
    const draw = () => {
      const width = canvas.clientWidth || 480, height = 300, left = 52, bottom = 40, top = 8, right = 8;
      const scale = devicePixelRatio || 1;
      canvas.width = width * scale;
      canvas.height = height * scale;
      canvas.style.height = height + "px";
      const g = canvas.getContext("2d");
      g.scale(scale, scale);
      g.font = "12px system-ui, sans-serif";
      const atX = v => left + (width - left - right) * (v - xs[0]) / (xs[xs.length - 1] - xs[0]);
      const atY = v => height - bottom - (height - top - bottom) * (v - ys[0]) / (ys[ys.length - 1] - ys[0]);
      figure.values.forEach((row, j) => row.forEach((v, i) => {
        if (v === null) return;
        const share = Math.min(1, Math.max(0, (v - figure.low) / (figure.high - figure.low)));
        g.fillStyle = colour("first");
        g.globalAlpha = 0.06 + 0.94 * share;
        g.fillRect(atX(xs[i]), atY(ys[j + 1]), atX(xs[i + 1]) - atX(xs[i]) - 1, atY(ys[j]) - atY(ys[j + 1]) - 1);
      }));
      g.globalAlpha = 1;
      g.save();
      g.beginPath();
      g.rect(left, top, width - left - right, height - top - bottom);
      g.clip();
      figure.curves.forEach((curve, k) => {
        g.strokeStyle = colour(hues[k + 1]);
        g.lineWidth = 2.5;
        g.beginPath();
        let down = false;
        curve.x.forEach((x, i) => {
          if (curve.y[i] === null) { down = false; return; }
          if (down) g.lineTo(atX(x), atY(curve.y[i]));
          else g.moveTo(atX(x), atY(curve.y[i]));
          down = true;
        });
        g.stroke();
      });
      g.restore();
      g.fillStyle = colour("quiet");
      g.textAlign = "center";
      ticks(xs[0], xs[xs.length - 1]).forEach(v => g.fillText(short(v), atX(v), height - bottom + 16));
      g.fillText(figure.x, (left + width) / 2, height - 4);
      g.textAlign = "right";
      ticks(ys[0], ys[ys.length - 1]).forEach(v => g.fillText(short(v), left - 6, atY(v) + 4));
      g.save();
      g.translate(12, (height - bottom) / 2);
      g.rotate(-Math.PI / 2);
      g.textAlign = "center";
      g.fillText(figure.y, 0, 0);
      g.restore();
      names.textContent = "";
      el(names, "span", "", "pale " + short(figure.low) + ", full " + short(figure.high));
      figure.curves.forEach((curve, k) => {
        const item = el(names, "span");
        el(item, "i").style.background = colour(hues[k + 1]);
        item.appendChild(document.createTextNode(curve.name));
      });
    };
    redraws.push(draw);
  };

  head();
  run.reproductions.forEach(one => {
    const grid = section(one.name + ": " + one.title, one.source + "; " + one.seconds.toFixed(1) + " s");
    table(grid, one.checks);
    one.figures.forEach(figure => (figure.values ? heat : curves)(grid, figure));
    if (one.notes.length) {
      const box = card(grid, "Notes", true);
      one.notes.forEach(note => el(box, "p", "", note));
    }
  });
  const again = section("To repeat this", "The same version, form and kind of machine give the same numbers.");
  el(card(again, "Command", true), "pre", "", run.command);
  el(card(again, "Machine", true), "pre", "", run.machine);
  drawAll();
})();
