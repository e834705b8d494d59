// Loaded before the first paint: what this browser chose, else what the system prefers.
document.documentElement.dataset.bsTheme =
  localStorage.getItem("theme") ||
  (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
