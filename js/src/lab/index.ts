import "./lab.css";
import { documentPlugin } from "./document-plugin";
import { mimePlugin } from "./mime-plugin";
import { sidebarPlugin } from "./sidebar-plugin";

export default [sidebarPlugin, mimePlugin, documentPlugin];
