(() => {
  const header = () => {
    el(page, "h1", "", run.title);
    el(page, "p", "", run.subtitle);
    if (run.failure) el(page, "div", "failure", run.failure);
    const tiles = el(page, "div", "tiles");
    run.tiles.forEach(([name, value]) => {
      const tile = el(tiles, "div", "tile");
      el(tile, "b", "", value);
      el(tile, "span", "", name);
    });
  };

  const learning = () => {
    const e = run.epochs;
    if (!e.epoch.length && !run.samples.epoch.length) return;
    const grid = section("Learning", "Training figures are means over an epoch, taken before each step's update; validation is measured at its end. Drag to zoom, double-click to go back.");
    const tables = [[e.epoch, e.trainLoss, e.validationLoss]];
    if (run.samples.epoch.length) tables.push([run.samples.epoch, run.samples.loss]);
    const loss = uPlot.join(tables);
    const positive = loss.slice(1).every(list => list.every(v => v === null || v === undefined || v > 0));
    const series = () => {
      const list = [
        { label: "training", stroke: colour("first") },
        { label: "validation", stroke: colour("second"), show: some(e.validationLoss) },
      ];
      if (tables.length > 1) list.push({ label: "single batches", stroke: colour("pale"), width: 1 });
      return list;
    };
    chart(card(grid, positive ? "Loss (log scale)" : "Loss"), { x: "epoch", data: loss, log: positive, series });
    if (some(e.trainAccuracy)) {
      chart(card(grid, "Accuracy"), {
        x: "epoch", percent: true, data: [e.epoch, e.trainAccuracy, e.validationAccuracy],
        series: () => [
          { label: "training", stroke: colour("first") },
          { label: "validation", stroke: colour("second"), show: some(e.validationAccuracy) },
        ],
      });
    }
    const fine = run.samples.epoch.length > e.epoch.length;
    const rates = fine ? [run.samples.epoch, run.samples.rate] : [e.epoch, e.rate];
    chart(card(grid, "Learning rate"), {
      x: "epoch", data: rates, range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1],
      series: () => [{ label: "rate", stroke: colour("first") }],
    });
  };

  const shade = share => "color-mix(in srgb, var(--first) " + (100 * share).toFixed(1) + "%, var(--card))";
  const wrong = share => "color-mix(in srgb, var(--second) " + (100 * share).toFixed(1) + "%, var(--card))";

  const confusion = () => {
    const counts = run.confusion;
    if (!counts) return;
    const grid = section("What was taken for what", "A row for each true class, a column for what the network found, in the rows of the test. Blue is right, orange is wrong; mistakes are shaded by their share of the most frequent one.");
    const box = card(grid, "", true);
    const worst = Math.max(1, ...counts.map((row, i) => Math.max(...row.map((n, j) => (i === j ? 0 : n)))));
    const many = counts.length > 30;
    const table = el(el(box, "div", "scroll"), "table", "confusion");
    const head = el(table, "tr");
    el(head, "th", "", many ? "" : "true \\ found");
    counts.forEach((row, j) => { el(head, "th", "", many ? "" : run.classNames[j]).title = run.classNames[j]; });
    if (!many) el(head, "th", "", "found");
    counts.forEach((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0);
      const line = el(table, "tr");
      el(line, "th", "", many ? "" : run.classNames[i]).title = run.classNames[i];
      row.forEach((n, j) => {
        const cell = el(line, "td", "", n === 0 || many ? "" : String(n));
        cell.title = run.classNames[i] + " taken for " + run.classNames[j] + ": " + n;
        cell.style.background = n === 0 ? "var(--ground)" : i === j ? shade(0.25 + 0.6 * n / Math.max(1, sum)) : wrong(0.2 + 0.8 * n / worst);
        if (many) cell.style.cssText += ";min-width:6px;height:6px;padding:0";
      });
      if (!many) el(line, "td", "", sum ? (100 * row[i] / sum).toFixed(1) + " %" : "");
    });
  };

  const scatter = () => {
    if (!run.scatter) return;
    const grid = section("Predicted and true", "Rows of the test; on the line a prediction is right.");
    run.scatter.forEach(pair => {
      const low = Math.min(...pair.truth, ...pair.found);
      const high = Math.max(...pair.truth, ...pair.found);
      const margin = (high - low) / 30 || 1;
      const range = () => [low - margin, high + margin];
      chart(card(grid, pair.name), {
        x: "true", height: 420, xRange: range, range,
        data: uPlot.join([[pair.truth, pair.found], [[low - margin, high + margin], [low - margin, high + margin]]]),
        series: () => [
          { label: "predicted", stroke: colour("first"), paths: () => null, points: { show: true, size: 5, width: 0, fill: colour("first") + "99" } },
          { label: "right", stroke: colour("second"), width: 1.5, dash: [6, 5], points: { show: false } },
        ],
      });
      const residuals = pair.truth.map((t, i) => pair.found[i] - t);
      chart(card(grid, "Error over the true value"), {
        x: "true", height: 420, data: [pair.truth, residuals], xRange: range,
        series: () => [{ label: "predicted - true", stroke: colour("first"), paths: () => null, points: { show: true, size: 5, width: 0, fill: colour("first") + "99" } }],
      });
    });
  };

  const layers = () => {
    const all = run.layers;
    if (!all.length || !run.samples.epoch.length) return;
    const grid = section("Layers", "What each layer was like at sampled steps. Gradients that shrink from layer to layer vanish, those that grow explode; a sound update moves the weights by about a thousandth of their norm.");
    const plot = (title, key, options) => {
      const lists = all.map(l => ({ at: all.indexOf(l), name: l.name, values: options.log ? only(l[key], v => v > 0) : l[key] })).filter(l => some(l.values));
      if (!lists.length) return;
      const box = card(grid, title);
      const tint = l => ramp(all.length < 2 ? 0 : l.at / (all.length - 1));
      chart(box, {
        x: "epoch", legend: false, height: 230, ...options, data: [run.samples.epoch].concat(lists.map(l => l.values)),
        series: () => lists.map(l => ({ label: l.name, stroke: tint(l), width: 1.5 })),
      });
      const names = el(box, "div", "ramp");
      const fill = () => {
        names.textContent = "";
        const shown = lists.length <= 10 ? lists : [lists[0], lists[Math.floor(lists.length / 2)], lists[lists.length - 1]];
        shown.forEach(l => {
          const item = el(names, "span");
          el(item, "i").style.background = tint(l);
          item.appendChild(document.createTextNode(l.name));
        });
      };
      redraws.push(fill);
    };
    plot("Gradient norm (log scale)", "gradient", { log: true });
    plot("Update norm / weight norm (log scale)", "update", { log: true });
    plot("Activations: mean", "mean", {});
    plot("Activations: variance (log scale)", "variance", { log: true });
    const share = (u, low, high) => [0, Math.min(1, Math.max(0.05, high * 1.08))];
    plot("Saturated share of outputs", "saturated", { percent: true, range: share });
    plot("Dead share of units", "dead", { percent: true, range: share });
    histograms(grid);
  };

  const histograms = grid => {
    const steps = run.histograms.steps;
    if (!steps.length) return;
    const box = card(grid, "Sizes of gradients and of outputs, layer by layer", true);
    const slide = el(box, "label", "slide");
    el(slide, "span", "", "step");
    const input = el(slide, "input");
    input.type = "range";
    input.max = String(steps.length - 1);
    input.value = input.max;
    const at = el(slide, "span");
    const heats = [["gradients", run.histograms.gradients], ["outputs", run.histograms.outputs]].map(([what, data]) => {
      const canvas = el(box, "canvas", "heat");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "Histogram of the sizes of " + what + " in each layer");
      return () => heat(canvas, what, data[Number(input.value)]);
    });
    const draw = () => {
      at.textContent = steps[Number(input.value)].toLocaleString("en");
      heats.forEach(f => f());
    };
    input.addEventListener("input", draw);
    redraws.push(draw);
  };

  /** A row for each layer, a column for each power of two, from 2^-48 on. */
  const heat = (canvas, what, rows) => {
    const known = rows.map((bins, i) => [bins, i]).filter(([bins]) => bins);
    const width = canvas.clientWidth || 800;
    const high = Math.max(4, Math.min(22, 440 / Math.max(1, known.length)));
    const left = 150, top = 24, bottom = 22;
    const scale = devicePixelRatio || 1;
    const height = top + bottom + high * known.length;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.height = height + "px";
    const g = canvas.getContext("2d");
    g.scale(scale, scale);
    g.font = "12px system-ui, sans-serif";
    g.fillStyle = colour("quiet");
    g.fillText(what, left, 15);
    const first = 8, cell = (width - left) / (64 - first);
    known.forEach(([bins, layer], r) => {
      const sum = bins.reduce((a, b) => a + b, 0) || 1;
      bins.forEach((n, k) => {
        if (k !== 0 && k < first) return;
        g.globalAlpha = n ? 0.12 + 0.88 * Math.min(1, Math.sqrt(n / sum / 0.25)) : 0.05;
        g.fillStyle = colour(k === 63 ? "bad" : "first");
        g.fillRect(left + Math.max(0, k - first) * cell, top + r * high, cell - 1, high - 1);
      });
      g.globalAlpha = 1;
      if (high >= 11 || r % Math.ceil(12 / high) === 0) {
        g.fillStyle = colour("quiet");
        g.fillText(run.layers[layer].name.slice(0, 24), 0, top + r * high + high / 2 + 4);
      }
    });
    g.fillStyle = colour("quiet");
    g.fillText("0", left, height - 6);
    for (let p = -10; p <= 4; p += 2) {
      const x = left + (Math.log2(Math.pow(10, p)) + 48 - first) * cell;
      g.fillText("1e" + p, x, height - 6);
    }
  };

  const mistakes = () => {
    const m = run.mistakes;
    if (!m || !m.rows.length) return;
    const grid = section("The worst mistakes", "Rows of the test of whose wrong class the network was most certain.");
    const box = el(card(grid, "", true), "div", "mistakes");
    m.rows.forEach(row => {
      const figure = el(box, "figure");
      const canvas = el(figure, "canvas");
      canvas.width = m.width;
      canvas.height = m.height;
      const bytes = Uint8Array.from(atob(row.pixels), c => c.charCodeAt(0));
      const g = canvas.getContext("2d");
      const image = g.createImageData(m.width, m.height);
      bytes.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
      g.putImageData(image, 0, 0);
      const text = el(figure, "figcaption");
      el(text, "b", "", run.classNames[row.truth]);
      text.appendChild(document.createTextNode(" taken for "));
      el(text, "b", "bad", run.classNames[row.found]);
      text.appendChild(document.createTextNode(", " + (100 * row.share).toFixed(1) + " %, row " + row.row));
    });
  };

  const settings = () => {
    const grid = section("To repeat this run", "The same version, data, seed and kind of machine give the same numbers.");
    const command = card(grid, "Command", true);
    el(command, "pre", "", run.command);
    const list = el(card(grid, "Settings", true), "dl");
    run.settings.forEach(([name, value]) => {
      el(list, "dt", "", name);
      el(list, "dd", "", value);
    });
    el(card(grid, "Environment", true), "pre", "", run.environment);
  };

  header();
  learning();
  confusion();
  scatter();
  mistakes();
  layers();
  settings();
  drawAll();
})();
