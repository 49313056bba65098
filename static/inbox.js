/** The inbox: all of a person's notifications. */

import { startShell } from "./dashboard/shell.js";
import { InboxPage } from "./inbox/page.js";

new InboxPage(startShell());
