import { LabIcon } from "@jupyterlab/ui-components";

/** A small graph: one op feeding two, which meet again. */
const MODEL = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.6">
    <path d="M12 6.5 6.5 11M12 6.5l5.5 4.5M6.5 13l5.5 4.5M17.5 13 12 17.5"/>
  </g>
  <g class="jp-icon3" fill="#616161">
    <rect x="9" y="2.5" width="6" height="4.4" rx="1.4"/>
    <rect x="2.5" y="9.8" width="6" height="4.4" rx="1.4"/>
    <rect x="15.5" y="9.8" width="6" height="4.4" rx="1.4"/>
    <rect x="9" y="17.1" width="6" height="4.4" rx="1.4"/>
  </g>
</svg>`;

const CHIP = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M9 2.8h1.7v2.4h2.6V2.8H15v2.4h1.8a2 2 0 0 1 2 2V9h2.4v1.7h-2.4v2.6h2.4V15h-2.4v1.8a2 2 0 0 1-2 2H15v2.4h-1.7v-2.4h-2.6v2.4H9v-2.4H7.2a2 2 0 0 1-2-2V15H2.8v-1.7h2.4v-2.6H2.8V9h2.4V7.2a2 2 0 0 1 2-2H9zM7.2 7v9.8h9.6V7zm2.1 2.1h5.4v5.6H9.3z"/>
</svg>`;

export const modelIcon = new LabIcon({ name: "haoline:model", svgstr: MODEL });
export const chipIcon = new LabIcon({ name: "haoline:chip", svgstr: CHIP });
