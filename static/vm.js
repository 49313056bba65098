/** One VM. */

import { startShell } from "./dashboard/shell.js";
import { VMPage } from "./vm/page.js";

const shell = startShell();
new VMPage(shell, shell.config.object_id);
