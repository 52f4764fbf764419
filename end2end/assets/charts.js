// The chart engine as the pages use it: Apache ECharts, cut down to line and bar charts, bundled by script/charts into
// public/assets/charts-<hash>.js and loaded only by pages with a chart, as a classic script of this origin.
//
//   window.TallygateCharts.mount(element, options) -> { update(options), resize(), save(name), dispose() }
//
// `element` has its height from the style sheet and its accessible name from the server; it is emptied by `dispose`.
// `options` is an ECharts option, as JSON text or as an object. Formatters in it are template strings: functions could only
// travel as text, and the content security policy forbids to run text.
// `data-go` on the element says where clicks and drags lead, as JSON: `at`, the bounds of the intervals in milliseconds; `logs` and `zoom`,
// addresses that end in `?` or `&` (a click opens the calls of its interval, a drag the intervals that it covers). The same links stand in
// the table below the chart.
// `update` replaces the whole option (theme change, new figures); a chart follows the size of its element by itself.
import { BarChart, LineChart } from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([
  AriaComponent,
  BarChart,
  GridComponent,
  LegendPlainComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  SVGRenderer,
  TooltipComponent,
]);

const still = matchMedia('(prefers-reduced-motion: reduce)');

function parse(options) {
  const parsed = typeof options === 'string' ? JSON.parse(options) : options;
  return still.matches ? { ...parsed, animation: false } : parsed;
}

/** Shorter ways are clicks; on phones they scroll. */
const DRAG = 12;

/** As a link of the page, which its program follows without leaving the page. */
function open(address) {
  const link = document.createElement('a');
  link.href = address;
  document.body.append(link);
  link.click();
  link.remove();
}

/** Lets clicks and drags over the intervals lead somewhere. */
function follow(element, chart) {
  const pointer = chart.getZr();
  const span = document.createElement('span');
  span.className = 'span';
  let begun = null;

  const go = () => JSON.parse(element.dataset.go || 'null');
  const place = (x) => {
    const found = chart.convertFromPixel({ xAxisIndex: 0 }, x);
    return Math.max(0, Math.min(go().at.length - 2, Math.round(found)));
  };
  const inside = (event) => chart.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
  const edge = (at, side) => {
    const width = Math.abs(chart.convertToPixel({ xAxisIndex: 0 }, 1) - chart.convertToPixel({ xAxisIndex: 0 }, 0)) || 0;
    return chart.convertToPixel({ xAxisIndex: 0 }, at) + (side * width) / 2;
  };

  pointer.on('mousedown', (event) => {
    if (go() && inside(event)) begun = event.offsetX;
  });
  pointer.on('mousemove', (event) => {
    if (!go()) return;
    if (inside(event)) pointer.setCursorStyle('pointer');
    if (begun === null || Math.abs(event.offsetX - begun) < DRAG) return;
    const [first, last] = [place(begun), place(event.offsetX)].sort((a, b) => a - b);
    const from = edge(first, -1);
    span.style.left = `${from}px`;
    span.style.width = `${edge(last, 1) - from}px`;
    if (!span.isConnected) element.append(span);
  });
  pointer.on('mouseup', (event) => {
    const from = begun;
    begun = null;
    span.remove();
    const to = go();
    if (from === null || !to) return;
    const [first, last] = [place(from), place(event.offsetX)].sort((a, b) => a - b);
    const dragged = Math.abs(event.offsetX - from) >= DRAG;
    const address = dragged || !to.logs ? to.zoom : to.logs;
    if (dragged && first === last) return;
    open(`${address}from=${to.at[first]}&to=${to.at[last + 1]}`);
  });
  pointer.on('globalout', () => {
    begun = null;
    span.remove();
  });
}

/** Saves the chart as a picture, twice its size, on the colour that it stands on. */
function save(chart, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement('canvas');
    canvas.width = chart.getWidth() * 2;
    canvas.height = chart.getHeight() * 2;
    const pen = canvas.getContext('2d');
    const behind = chart.getDom().closest('.card');
    pen.fillStyle = behind ? getComputedStyle(behind).backgroundColor : '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const link = document.createElement('a');
    link.download = name;
    link.href = canvas.toDataURL('image/png');
    link.rel = 'external';
    document.body.append(link);
    link.click();
    link.remove();
  };
  image.src = chart.getDataURL();
}

function mount(element, options) {
  const chart = echarts.init(element, null, { renderer: 'svg' });
  chart.setOption(parse(options));
  // The first report comes at once and says the size that the chart has already.
  const observer = new ResizeObserver(() => {
    if (element.clientWidth !== chart.getWidth() || element.clientHeight !== chart.getHeight()) chart.resize();
  });
  observer.observe(element);
  follow(element, chart);
  return {
    update(next) {
      chart.setOption(parse(next), { notMerge: true });
    },
    resize() {
      chart.resize();
    },
    save(name) {
      save(chart, name);
    },
    dispose() {
      observer.disconnect();
      chart.dispose();
    },
  };
}

window.TallygateCharts = { mount };
