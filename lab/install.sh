# What the Makefile installs, as functions for its recipes. Sourced, never run.

install_python() {
    for candidate in python3.11 python3.12 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
            echo "installing the Python packages into .venv" >&2
            test -x .venv/bin/python || "$candidate" -m venv .venv || return 1
            .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt
            return
        fi
    done
    echo "Portage needs Python 3.11 or 3.12 on the PATH" >&2
    return 1
}

# Without root or apt-get, and without a browser, the tests that need one are skipped and say so.
install_chromium() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing Chromium" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && return
    fi
    echo "no Chromium: the browser tests are skipped" >&2
}

install_azurite() {
    if ! node --version 2>/dev/null | grep -Eq '^v(2[0-9]|[3-9][0-9])\.'; then
        echo "Azurite needs Node 20 or newer on the PATH" >&2
        return 1
    fi
    echo "installing Azurite into lab/azurite/node_modules" >&2
    (cd lab/azurite && npm ci --no-audit --no-fund --silent)
}
