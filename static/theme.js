/* Sets the theme before the first paint, which a deferred module would be too late for. */
try {
  const theme = localStorage.getItem("aether-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system's preference holds.
}
