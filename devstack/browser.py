"""The browser that tests drive: Debian's Chromium without a screen, or another if there is none."""

import os
import shutil
import subprocess

# It draws nothing for a screen, so it takes a quarter of the time of a whole Chromium.
HEADLESS = "chromium-headless-shell"
NAMES = (HEADLESS, "chromium", "chromium-browser", "google-chrome")
# Debian has the first, older ones and Ubuntu only the second.
PACKAGES = (HEADLESS, "chromium")


def find_browser() -> str | None:
    """Return the path of the best browser there is, None for none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def provide_browser() -> None:
    """Install the headless Chromium if we may; with no browser at all, say what is skipped."""
    if not shutil.which(HEADLESS) and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
    if not find_browser():
        print("NOTE: there is no Chromium and none could be installed: BROWSER TESTS ARE SKIPPED.")


def _install() -> None:
    print("Installing Chromium for the browser tests …", flush=True)
    _apt_get("update")
    for package in PACKAGES:
        if find_browser() and package != HEADLESS:
            return
        if _apt_get("install", "--no-install-recommends", package):
            return


def _apt_get(*words: str) -> bool:
    settings = ("Acquire::http::Timeout=20", "Acquire::Retries=0", "DPkg::Lock::Timeout=60")
    options = ["-y", "-qq", *(f"-o{setting}" for setting in settings)]
    done = subprocess.run(
        ["apt-get", *options, *words],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0
