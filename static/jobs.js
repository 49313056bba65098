/** All jobs. */

import { startShell } from "./dashboard/shell.js";
import { JobsPage } from "./jobs/page.js";

new JobsPage(startShell());
