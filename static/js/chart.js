// Draws the lines of a chart once more so that they can be read day by day, with the pointer or with a slider. What the
// server drew stays: frame, labels, shades and posts; and all of it where anything here fails.
(() => {
  "use strict";

  const source = document.getElementById("chart-data");
  const figure = document.getElementById("plot");
  const reader = document.getElementById("day-reader");
  if (!source || !figure || !reader || typeof uPlot === "undefined") return;

  // Days are written as the rest of the page writes them.
  const language = { en: "en-GB" }[document.documentElement.lang] || document.documentElement.lang || undefined;
  const dayInWords = new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const inPoints = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  const styleOf = (name) => {
    const drawn = document.querySelector(`.key-line .${name}, .curves .${name}`);
    return getComputedStyle(drawn || figure);
  };
  const dashesOf = (name) => {
    const dashes = styleOf(name).strokeDasharray;
    return !dashes || dashes === "none" ? [] : dashes.split(/[\s,]+/).map(Number.parseFloat);
  };

  const start = () => {
    const data = JSON.parse(source.textContent);
    const frame = figure.querySelector(".chart");
    const slider = document.getElementById("day-slider");
    const output = document.getElementById("day-values");
    const first = Date.parse(`${data.first}T00:00:00Z`);
    const rows = uPlot.join(data.lines.map((line) => [line.days, line.values]));
    const days = rows[0];

    const size = () => {
      const box = frame.getBoundingClientRect();
      return { width: Math.round(box.width), height: Math.round(box.height) };
    };

    const keyOf = (name) => {
      const key = document.querySelector(`.key-line:has(.${name})`);
      return key ? key.cloneNode(true) : "";
    };

    const tell = (place) => {
      const day = dayInWords.format(new Date(first + days[place] * 86400000));
      const words = [];
      const shown = [];
      data.lines.forEach((line, number) => {
        const value = rows[number + 1][place];
        if (value === undefined) return;
        const said = value === null ? reader.dataset.nothing : inPoints.format(value);
        words.push(`${line.label} ${said}`);
        const item = document.createElement("span");
        item.append(keyOf(line.name), ` ${line.label} `);
        item.append(Object.assign(document.createElement("strong"), { textContent: said }));
        shown.push(item);
      });
      output.replaceChildren(Object.assign(document.createElement("span"), { textContent: day }), ...shown);
      slider.value = place;
      slider.setAttribute("aria-valuetext", `${day}: ${words.join(", ")}`);
    };

    const drawn = document.createElement("div");
    drawn.className = "drawn";
    drawn.setAttribute("aria-hidden", "true");
    frame.after(drawn);

    const chart = new uPlot(
      {
        ...size(),
        padding: [0, 0, 0, 0],
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false, range: [0, data.span] }, y: { range: [data.bottom, data.top] } },
        cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 9 } },
        series: [
          {},
          ...data.lines.map((line) => ({
            label: line.label,
            stroke: () => styleOf(line.name).stroke,
            width: 2.5,
            dash: dashesOf(line.name),
            cap: "round",
            points: { show: false },
          })),
        ],
        hooks: {
          setCursor: [
            (self) => {
              if (self.cursor.idx !== null && self.cursor.idx !== undefined) tell(self.cursor.idx);
            },
          ],
        },
      },
      rows,
      drawn,
    );

    const point = () => chart.setCursor({ left: chart.valToPos(days[slider.value], "x"), top: 0 });
    slider.max = days.length - 1;
    slider.addEventListener("input", point);
    slider.addEventListener("focus", point);
    output.setAttribute("aria-live", "off");
    tell(days.length - 1);

    new ResizeObserver(() => chart.setSize(size())).observe(frame);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => chart.redraw());
    }
    figure.classList.add("live");
    reader.hidden = false;
  };

  try {
    start();
  } catch (error) {
    figure.classList.remove("live");
    figure.querySelectorAll(".drawn").forEach((drawn) => drawn.remove());
    reader.hidden = true;
  }
})();
