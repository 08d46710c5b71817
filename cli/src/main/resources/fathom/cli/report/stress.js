(() => {
  const n = run.count;
  const fields = run.fields;
  const isText = name => !Array.isArray(fields[name]);
  const value = (name, i) => (isText(name) ? fields[name].texts[fields[name].at[i]] : fields[name][i]);
  const all = [...Array(n).keys()];
  const brief = v => short(v, 3);

  const OUTCOMES = {
    trains: ["T", "#2a9d8f", "#3fc1b0"], vanishes: ["V", "#3566b0", "#6d9bea"], explodes: ["E", "#e0702b", "#f59a5f"],
    saturates: ["S", "#8457b5", "#b18be0"], dies: ["D", "#4b5563", "#8b97a8"], stalls: ["–", "#b8931f", "#dcbc50"],
    diverges: ["×", "#b3261e", "#ff7a70"],
  };
  const outcomeColour = word => OUTCOMES[word][dark.matches ? 2 : 1];

  // What an axis is called, and in which order it is offered for a place.
  const AXES = {
    depth: "depth", gain: "gain", init: "initializer", bias: "bias deviation", rate: "learning rate", width: "width",
    activation: "activation", norm: "norm", skip: "skips", optimizer: "optimizer", seed: "seed",
  };
  const values = {};
  Object.keys(AXES).forEach(axis => {
    const some = [...new Set(all.map(i => value(axis, i)))];
    values[axis] = isText(axis) ? some : some.sort((a, b) => a - b);
  });
  const varied = Object.keys(AXES).filter(axis => values[axis].length > 1);
  const label = (axis, v) => (isText(axis) ? v : axis === "depth" || axis === "width" || axis === "seed" ? String(v) : brief(v));

  const METRICS = {
    learnt: { name: "share of the loss learnt", low: 0, high: 1, note: "1 − last loss / loss of a constant answer, over the last tenth of the steps" },
    outcome: { name: "verdict", note: "what most seeds came to" },
    gradient_ratio: { name: "gradient, first / last layer", log: true, note: "norm by the sums of the first layer over that of the last hidden one, as drawn" },
    chi: { name: "gradient growth per layer χ", log: true, note: "of the mean square, going down, as drawn" },
    jacobian_max: { name: "Jacobian: largest singular value", log: true, note: "last hidden output by first sums" },
    jacobian_ms: { name: "Jacobian: mean squared singular value", log: true, note: "last hidden output by first sums" },
    q_growth: { name: "signal growth, last / first layer", log: true, note: "of the mean square of outputs, as drawn" },
    correlation_top: { name: "correlation of two inputs at the top", low: 0, high: 1, note: "cosine of the last hidden layer's outputs, as drawn" },
    saturated_mean: { name: "saturated share", low: 0, high: 1, note: "of hidden outputs, as drawn; a rectifier's zeros count" },
    dead_max: { name: "dead share of the worst layer", low: 0, high: 1, note: "units that are 0 for the whole batch, as drawn" },
    steps_per_second: { name: "steps per second", log: true, centre: false, note: "of training" },
  };

  const mix = (stops, t) => {
    const x = Math.min(0.9999, Math.max(0, t)) * (stops.length - 1);
    const i = Math.floor(x);
    return "rgb(" + stops[i].map((c, k) => Math.round(c + (stops[i + 1][k] - c) * (x - i))).join(",") + ")";
  };
  const DEPTHS = [[22, 30, 66], [40, 74, 128], [38, 125, 142], [64, 176, 140], [180, 216, 110], [250, 230, 90]];
  const BALANCE = () => dark.matches
    ? [[92, 150, 255], [52, 86, 150], [40, 50, 66], [160, 88, 44], [255, 150, 84]]
    : [[28, 74, 168], [126, 164, 222], [240, 241, 238], [240, 168, 118], [198, 78, 14]];

  const settings = { rows: "depth", columns: null, panels: null, metric: "learnt", keep: {} };
  const pick = wanted => wanted.find(axis => varied.includes(axis) && !Object.values(settings).includes(axis));
  settings.columns = pick(["gain", "init", "bias", "rate", "norm", "skip", "optimizer", "width", "activation", "seed"]) || "init";
  settings.panels = pick(["activation", "init", "norm", "skip", "optimizer", "rate", "width", "bias"]) || null;

  const tip = el(document.body, "div", "tip");
  const pinned = [];
  let scale = null;

  const header = () => {
    el(page, "h1", "", "What deep networks come to");
    const data = run.settings.find(([name]) => name === "data");
    el(page, "p", "", n.toLocaleString("en") + " networks" + (n < run.planned ? " of " + run.planned.toLocaleString("en") + " planned" : "") + (data ? " on " + data[1] : ""));
    const tiles = el(page, "div", "tiles");
    Object.keys(OUTCOMES).forEach(word => {
      const count = all.filter(i => value("outcome", i) === word).length;
      if (!count) return;
      const tile = el(tiles, "div", "tile");
      el(tile, "b", "", count.toLocaleString("en"));
      const name = el(tile, "span");
      const mark = el(name, "i", "dot");
      redraws.push(() => { mark.style.background = outcomeColour(word); });
      name.appendChild(document.createTextNode(word));
    });
  };

  const select = (parent, name, options, current, change) => {
    const box = el(parent, "label", "pick");
    el(box, "span", "", name);
    const list = el(box, "select");
    options.forEach(([key, text]) => {
      const option = el(list, "option", "", text);
      option.value = key;
      option.selected = key === current;
    });
    list.addEventListener("change", () => change(list.value));
  };

  /** The colour of a group of networks. */
  const shade = group => {
    const m = METRICS[settings.metric];
    if (settings.metric === "outcome") return outcomeColour(group.outcome);
    if (group.figure === null) return colour("line");
    const t = ((m.log ? Math.log10(group.figure) : group.figure) - scale.low) / (scale.high - scale.low || 1);
    return mix(m.log && m.centre !== false ? BALANCE() : DEPTHS, t);
  };

  const summarize = members => {
    const m = METRICS[settings.metric];
    const counts = {};
    members.forEach(i => { counts[value("outcome", i)] = (counts[value("outcome", i)] || 0) + 1; });
    const outcome = Object.keys(counts).sort((a, b) => counts[b] - counts[a])[0];
    let sum = 0, known = 0;
    if (settings.metric !== "outcome") {
      members.forEach(i => {
        const v = value(settings.metric, i);
        if (v === null || (m.log && v <= 0)) return;
        sum += m.log ? Math.log(v) : v;
        known++;
      });
    }
    return { members, outcome, figure: known ? (m.log ? Math.exp(sum / known) : sum / known) : null };
  };

  const maps = () => {
    const box = card(section("Where networks train", "Each square is a network, or several of them; depth grows downwards. Point at a square to read it, click to look at it below."), "", true);
    const controls = el(box, "div", "controls");
    const legend = el(box, "div", "legend");
    const holder = el(box, "div", "maps");
    const build = () => {
      controls.textContent = "";
      const names = axes => axes.map(axis => [axis, AXES[axis]]);
      const place = key => axis => {
        const other = ["rows", "columns", "panels"].find(k => k !== key && settings[k] === axis);
        if (other) settings[other] = settings[key];
        settings[key] = axis === "-" ? null : axis;
        settings.keep = {};
        build();
      };
      select(controls, "colour", Object.entries(METRICS).map(([key, m]) => [key, m.name]), settings.metric, key => { settings.metric = key; build(); });
      const axes = varied.length ? varied : ["depth"];
      select(controls, "down", names([...new Set([...axes, settings.rows])]), settings.rows, place("rows"));
      select(controls, "across", names([...new Set([...axes, settings.columns])]), settings.columns, place("columns"));
      select(controls, "maps", [["-", "one"], ...names(axes)], settings.panels || "-", place("panels"));
      varied.filter(axis => ![settings.rows, settings.columns, settings.panels].includes(axis)).forEach(axis => {
        select(controls, AXES[axis], [["-", "all (mean)"], ...values[axis].map((v, k) => [String(k), label(axis, v)])], axis in settings.keep ? String(settings.keep[axis]) : "-", key => {
          if (key === "-") delete settings.keep[axis]; else settings.keep[axis] = Number(key);
          build();
        });
      });
      draw();
    };
    const draw = () => {
      const kept = all.filter(i => Object.entries(settings.keep).every(([axis, k]) => value(axis, i) === values[axis][k]));
      const panels = settings.panels ? values[settings.panels] : [null];
      const place = axis => new Map(values[axis].map((v, k) => [v, k]));
      const rowOf = place(settings.rows), columnOf = place(settings.columns), panelOf = settings.panels ? place(settings.panels) : null;
      const groups = panels.map(() => new Map());
      kept.forEach(i => {
        const at = groups[panelOf ? panelOf.get(value(settings.panels, i)) : 0];
        const key = rowOf.get(value(settings.rows, i)) * values[settings.columns].length + columnOf.get(value(settings.columns, i));
        if (at.has(key)) at.get(key).push(i); else at.set(key, [i]);
      });
      const sums = groups.map(map => new Map([...map].map(([key, members]) => [key, summarize(members)])));
      const m = METRICS[settings.metric];
      scale = { low: m.low, high: m.high };
      if (m.log) {
        const logs = sums.flatMap(map => [...map.values()].map(g => g.figure).filter(v => v !== null).map(Math.log10));
        const low = Math.min(...logs), high = Math.max(...logs);
        const most = Math.min(12, Math.max(0.3, Math.abs(low), Math.abs(high)));
        scale = m.centre === false ? { low, high } : { low: -most, high: most };
      }
      holder.textContent = "";
      const shown = panels.map((v, k) => k).filter(k => sums[k].size);
      const boxes = shown.map(k => {
        const box = el(holder, "div", "map");
        if (settings.panels) el(box, "h3", "", AXES[settings.panels] + " " + label(settings.panels, panels[k]));
        return box;
      });
      // Only now, when all are in their places, is it known how wide each may be.
      boxes.forEach((box, b) => map(box, sums[shown[b]]));
      key(legend);
    };
    redraws.push(build);
  };

  const key = legend => {
    const m = METRICS[settings.metric];
    legend.textContent = "";
    if (settings.metric === "outcome") {
      Object.keys(OUTCOMES).forEach(word => {
        if (!all.some(i => value("outcome", i) === word)) return;
        const item = el(legend, "span", "chip", OUTCOMES[word][0] + " " + word);
        item.style.background = outcomeColour(word);
      });
    } else {
      el(legend, "span", "", m.log ? brief(Math.pow(10, scale.low)) : String(scale.low));
      const bar = el(legend, "i", "bar");
      const stops = m.log && m.centre !== false ? BALANCE() : DEPTHS;
      bar.style.background = "linear-gradient(90deg," + stops.map((c, i) => "rgb(" + c + ") " + (100 * i / (stops.length - 1)) + "%").join(",") + ")";
      el(legend, "span", "", m.log ? brief(Math.pow(10, scale.high)) : String(scale.high));
    }
    el(legend, "span", "note", m.note);
    if (hasTheory()) el(legend, "span", "line", "six depth scales ξ of mean-field theory");
  };

  const hasTheory = () => settings.rows === "depth" && fields.trainable_depth && fields.trainable_depth.some(v => v !== null);

  const map = (box, groups) => {
    const rows = values[settings.rows], columns = values[settings.columns];
    const canvas = el(box, "canvas", "heat");
    const width = Math.max(180, box.clientWidth);
    const left = 44, bottom = columns.length > 1 || isText(settings.columns) ? 64 : 34;
    const cell = { w: (width - left) / columns.length, h: Math.max(2, Math.min(34, 380 / rows.length)) };
    const height = cell.h * rows.length + bottom;
    const ratio = devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = height + "px";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", METRICS[settings.metric].name + " by " + AXES[settings.rows] + " and " + AXES[settings.columns] + "; the table below has all figures");
    const g = canvas.getContext("2d");
    g.scale(ratio, ratio);
    const gap = cell.w > 8 && cell.h > 8 ? 1 : 0;
    groups.forEach((group, k) => {
      const c = k % columns.length, r = (k - c) / columns.length;
      g.fillStyle = shade(group);
      g.fillRect(left + c * cell.w, r * cell.h, cell.w - gap, cell.h - gap);
      if (cell.w > 16 && cell.h > 13 && settings.metric === "outcome") {
        g.fillStyle = dark.matches ? "#10151d" : "#ffffff";
        g.font = "600 11px system-ui, sans-serif";
        g.textAlign = "center";
        g.fillText(OUTCOMES[group.outcome][0], left + (c + 0.5) * cell.w, (r + 0.5) * cell.h + 4);
      }
      if (group.members.some(i => pinned.includes(i))) {
        // Seen on any colour, as the line of theory.
        [["#10151d", 4], ["#ffffff", 2]].forEach(([tint, thick]) => {
          g.strokeStyle = tint;
          g.lineWidth = thick;
          g.strokeRect(left + c * cell.w + 2, r * cell.h + 2, cell.w - gap - 4, cell.h - gap - 4);
        });
      }
    });
    if (hasTheory()) theory(g, groups, rows, columns, left, cell);
    g.fillStyle = colour("quiet");
    g.font = "11px system-ui, sans-serif";
    g.textAlign = "right";
    const everyRow = Math.ceil(14 / cell.h);
    rows.forEach((v, r) => { if (r % everyRow === 0) g.fillText(label(settings.rows, v), left - 6, (r + 0.5) * cell.h + 4); });
    const everyColumn = Math.ceil(15 / cell.w);
    columns.forEach((v, c) => {
      if (c % everyColumn) return;
      g.save();
      g.translate(left + (c + 0.5) * cell.w + 3, rows.length * cell.h + 10);
      g.rotate(-Math.PI / 5);
      g.fillText(label(settings.columns, v).slice(0, 16), 0, 4);
      g.restore();
    });
    const find = event => {
      const c = Math.floor((event.offsetX - left) / cell.w), r = Math.floor(event.offsetY / cell.h);
      return c < 0 || c >= columns.length || r < 0 || r >= rows.length ? null : groups.get(r * columns.length + c) || null;
    };
    canvas.addEventListener("mousemove", event => {
      const group = find(event);
      if (!group) { tip.style.display = "none"; return; }
      tip.textContent = "";
      const i = group.members[0];
      el(tip, "b", "", group.members.length > 1 ? group.members.length + " networks, most: " + group.outcome : value("verdict", i));
      el(tip, "div", "", value("cell", i) + (group.members.length > 1 ? ", …" : ""));
      if (settings.metric !== "outcome") el(tip, "div", "", METRICS[settings.metric].name + " " + brief(group.figure));
      if (group.members.length === 1) el(tip, "div", "quiet", value("evidence", i));
      tip.style.display = "block";
      tip.style.left = Math.min(event.pageX + 14, innerWidth - tip.offsetWidth - 14) + "px";
      tip.style.top = event.pageY + 14 + "px";
    });
    canvas.addEventListener("mouseleave", () => { tip.style.display = "none"; });
    canvas.addEventListener("click", event => {
      const group = find(event);
      if (group) pin(group.members[0]);
    });
  };

  /** The depth up to which theory lets a network be trained, over the rows of depths. */
  const theory = (g, groups, rows, columns, left, cell) => {
    const place = depth => {
      if (depth <= rows[0]) return Math.max(0, 0.5 * depth / rows[0]);
      for (let r = 1; r < rows.length; r++) {
        if (depth <= rows[r]) return r - 0.5 + Math.log(depth / rows[r - 1]) / Math.log(rows[r] / rows[r - 1]);
      }
      return rows.length;
    };
    const line = new Path2D();
    let before = null;
    columns.forEach((v, c) => {
      const members = [...groups].filter(([k]) => k % columns.length === c).flatMap(([, group]) => group.members);
      const depths = members.map(i => value("trainable_depth", i)).filter(d => d !== null);
      if (!depths.length) { before = null; return; }
      const y = place(depths.reduce((a, b) => a + b, 0) / depths.length) * cell.h;
      if (isText(settings.columns)) {
        line.moveTo(left + c * cell.w, y);
        line.lineTo(left + (c + 1) * cell.w - 1, y);
      } else {
        const x = left + (c + 0.5) * cell.w;
        if (before === null) line.moveTo(x, y); else line.lineTo(x, y);
        before = x;
      }
    });
    g.lineJoin = "round";
    g.strokeStyle = "#10151d";
    g.lineWidth = 5;
    g.stroke(line);
    g.strokeStyle = "#ffffff";
    g.lineWidth = 2.5;
    g.stroke(line);
  };

  const pin = i => {
    const at = pinned.indexOf(i);
    if (at >= 0) pinned.splice(at, 1); else pinned.push(i);
    if (pinned.length > 6) pinned.shift();
    again();
  };

  const TINTS = () => dark.matches
    ? ["#5cb8d6", "#f0925c", "#7fd48a", "#c79bf2", "#e8cf5a", "#ff8fa3"]
    : ["#1f6f8b", "#d0662f", "#3d8b45", "#7a4fb0", "#a88608", "#c2385a"];

  const looks = () => {
    const grid = section("A closer look", "Signals and gradients by layer as the networks are drawn, and their losses as they learn: of the squares with a frame above. Click on squares, or on rows of the table, to add and take away.");
    const list = el(card(grid, "", true), "div", "looked");
    redraws.push(() => {
      const tints = TINTS();
      list.textContent = "";
      if (!pinned.length) el(list, "p", "", "No network is looked at.");
      pinned.forEach((i, k) => {
        const item = el(list, "button", "entry");
        item.title = "take away";
        el(item, "i", "dot").style.background = tints[k];
        el(item, "b", "", value("verdict", i));
        el(item, "span", "", " " + value("cell", i));
        el(item, "div", "quiet", value("evidence", i));
        item.addEventListener("click", () => pin(i));
      });
    });
    const drawn = (title, options, fill) => {
      const node = card(grid, title);
      const all_of = { legend: false, height: 230, data: [[], []], series: () => [{}], ...options };
      redraws.push(() => {
        const there = pinned.length > 0 && fill(all_of);
        if (!there) Object.assign(all_of, { data: [[], []], series: () => [{}], bands: undefined });
        node.hidden = !there;
      });
      chart(node, all_of);
    };
    const curves = (title, x, y, options) => drawn(title, options, all_of => {
      const tables = pinned.map(i => {
        const ys = value(y, i);
        const xs = x ? value(x, i).slice(0, ys.length) : ys.map((v, k) => 1 + Math.round((k + 0.5) * value("steps", i) / ys.length));
        return [xs, options.text ? only(ys, v => v > 0).map(v => (v === null ? null : Math.log10(v))) : ys];
      });
      all_of.data = uPlot.join(tables);
      all_of.series = () => pinned.map((i, k) => ({ stroke: TINTS()[k] }));
      return tables.some(t => some(t[1]));
    });
    const share = () => [0, 1];
    // The library's own logarithmic axis ends at some twenty decades; these curves go through seventy.
    const powers = { text: v => (Number.isInteger(v) && Math.abs(v) > 3 ? "1e" + v : brief(Math.pow(10, v))) };
    curves("Mean square of outputs q", "layer", "q", { x: "layer", ...powers });
    curves("Mean square of gradients", "gradient_layer", "gradient", { x: "layer", ...powers });
    curves("Correlation of two inputs", "layer", "correlation", { x: "layer", range: (u, low, high) => [Math.min(0, low), 1] });
    curves("Saturated share", "layer", "saturated", { x: "layer", range: share });
    curves("Loss", null, "loss", { x: "step", ...powers });
    drawn("Distribution of outputs as layers deepen (last added)", { x: "layer: 5, 25, 50, 75, 95 % of outputs" }, all_of => {
      const i = pinned[pinned.length - 1];
      const base = TINTS()[pinned.length - 1];
      all_of.data = [value("layer", i), ...["q05", "q25", "q50", "q75", "q95"].map(name => value(name, i))];
      all_of.bands = [{ series: [5, 1], fill: base + "33" }, { series: [4, 2], fill: base + "55" }];
      all_of.series = () => [{ stroke: base + "88", width: 1 }, { stroke: base + "00" }, { stroke: base }, { stroke: base + "00" }, { stroke: base + "88", width: 1 }];
      return some(all_of.data[3]);
    });
  };

  /** Only the rows in sight are elements, so that ten thousand are no burden. */
  const table = () => {
    const box = card(section("All networks", "Click on a column to sort, on a row to look closer."), "", true);
    const controls = el(box, "div", "controls");
    const search = el(controls, "input", "search");
    search.type = "search";
    search.placeholder = "filter: words, or learnt>0.5 depth<=20";
    search.setAttribute("aria-label", "filter rows");
    const count = el(controls, "span", "quiet");
    const axes = Object.keys(AXES).filter(axis => axis === "depth" || varied.includes(axis));
    const columns = ["verdict", ...axes, "learnt", "loss_last", "gradient_ratio", "chi", "jacobian_max", "jacobian_ms", "q_growth", "correlation_top", "saturated_mean", "dead_max", "steps_per_second"];
    const HEADS = { correlation_top: "corr. top", saturated_mean: "satur. mean", steps_per_second: "steps / s" };
    const HIGH = 26, SIGHT = 18;
    const wide = el(box, "div", "scroll");
    const head = el(wide, "div", "row head");
    const body = el(wide, "div", "rows");
    const filler = el(body, "div");
    const view = el(body, "div", "view");
    const least = columns.map((name, k) => (k === 0 ? 160 : isText(name) ? 84 : 62));
    const grid = least.map((w, k) => "minmax(" + w + "px," + (k === 0 ? 2 : 1) + "fr)").join(" ");
    const all_wide = least.reduce((a, b) => a + b, 16) + "px";
    head.style.gridTemplateColumns = grid;
    head.style.minWidth = all_wide;
    body.style.minWidth = all_wide;
    let order = all.slice(), by = null, up = true;
    const heads = columns.map(name => {
      const button = el(head, "button", isText(name) ? "" : "number", HEADS[name] || name.replace(/_/g, " "));
      button.title = name;
      button.addEventListener("click", () => {
        up = by === name ? !up : isText(name);
        by = name;
        arrange();
      });
      return button;
    });
    const words = all.map(i => (value("verdict", i) + " " + value("cell", i)).toLowerCase());
    const tests = () => search.value.trim().toLowerCase().split(/\s+/).filter(w => w).map(word => {
      const found = /^([a-z_0-9]+)(<=|>=|=|<|>)(.+)$/.exec(word);
      if (!found || !fields[found[1]] || isText(found[1])) return i => words[i].includes(word);
      const limit = Number(found[3]), list = fields[found[1]];
      const holds = { "<": v => v < limit, ">": v => v > limit, "<=": v => v <= limit, ">=": v => v >= limit, "=": v => v === limit }[found[2]];
      return i => list[i] !== null && holds(list[i]);
    });
    const arrange = () => {
      const all_of = tests();
      order = all.filter(i => all_of.every(test => test(i)));
      if (by) {
        const sign = up ? 1 : -1;
        const compare = isText(by) ? (a, b) => sign * value(by, a).localeCompare(value(by, b)) : (a, b) => {
          const x = value(by, a), y = value(by, b);
          return x === null ? (y === null ? 0 : 1) : y === null ? -1 : sign * (x - y);
        };
        order.sort((a, b) => compare(a, b) || a - b);
      }
      heads.forEach((button, k) => { button.dataset.order = columns[k] === by ? (up ? "▲" : "▼") : ""; });
      count.textContent = order.length.toLocaleString("en") + " of " + n.toLocaleString("en");
      body.scrollTop = 0;
      show();
    };
    const show = () => {
      filler.style.height = order.length * HIGH + "px";
      body.style.height = Math.min(SIGHT, Math.max(1, order.length)) * HIGH + "px";
      const first = Math.max(0, Math.floor(body.scrollTop / HIGH) - 4);
      view.style.transform = "translateY(" + first * HIGH + "px)";
      view.textContent = "";
      order.slice(first, first + SIGHT + 8).forEach(i => {
        const row = el(view, "div", pinned.includes(i) ? "row looked-at" : "row");
        row.style.gridTemplateColumns = grid;
        row.title = value("evidence", i);
        columns.forEach(name => {
          const v = value(name, i);
          const cell = el(row, "span", isText(name) ? "" : "number", isText(name) ? v : name in AXES ? label(name, v) : brief(v));
          if (name === "verdict") {
            const dot = document.createElement("i");
            dot.className = "dot";
            dot.style.background = outcomeColour(value("outcome", i));
            cell.prepend(dot);
          }
        });
        row.addEventListener("click", () => pin(i));
      });
    };
    body.addEventListener("scroll", () => requestAnimationFrame(show));
    search.addEventListener("input", arrange);
    arrange();
    redraws.push(show);
  };

  const repeat = () => {
    const grid = section("To repeat this sweep", "The same version, data, seeds and kind of machine give the same numbers, whatever the threads.");
    el(card(grid, "Command", true), "pre", "", run.command);
    const list = el(card(grid, "Settings", true), "dl");
    run.settings.forEach(([name, text]) => {
      el(list, "dt", "", name);
      el(list, "dd", "", text);
    });
    el(card(grid, "Environment", true), "pre", "", run.environment);
  };

  // The deepest network of each verdict, to begin with.
  Object.keys(OUTCOMES).forEach(word => {
    const some = all.filter(i => value("outcome", i) === word);
    if (some.length && pinned.length < 4) pinned.push(some.reduce((a, b) => (value("depth", b) > value("depth", a) ? b : a)));
  });
  header();
  maps();
  looks();
  table();
  repeat();
  drawAll();
})();
