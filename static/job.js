/** One job and its output. */

import { startShell } from "./dashboard/shell.js";
import { JobPage } from "./job/page.js";

const shell = startShell();
new JobPage(shell, shell.config.object_id);
