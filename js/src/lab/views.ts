/** The views, loaded when the first report or the sidebar is looked at. */

import "../views/styles/index.css";

export { draw, HardwarePicker } from "../views/index";
