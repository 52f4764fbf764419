// The chart engine as the pages use it: Apache ECharts, cut down to line and bar charts, bundled by script/charts into
// public/assets/charts-<hash>.js and loaded only by pages with a chart, as a classic script of this origin.
//
//   window.TallygateCharts.mount(element, options) -> { update(options), resize(), dispose() }
//
// `element` has its height from the style sheet and its accessible name from the server; it is emptied by `dispose`.
// `options` is an ECharts option, as JSON text or as an object. Formatters in it are template strings: functions could only
// travel as text, and the content security policy forbids to run text.
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

function mount(element, options) {
  const chart = echarts.init(element, null, { renderer: 'svg' });
  chart.setOption(parse(options));
  // The first report comes at once and says the size that the chart has already.
  const observer = new ResizeObserver(() => {
    if (element.clientWidth !== chart.getWidth() || element.clientHeight !== chart.getHeight()) chart.resize();
  });
  observer.observe(element);
  return {
    update(next) {
      chart.setOption(parse(next), { notMerge: true });
    },
    resize() {
      chart.resize();
    },
    dispose() {
      observer.disconnect();
      chart.dispose();
    },
  };
}

window.TallygateCharts = { mount };
