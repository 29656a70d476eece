# Sourced by the commands beside it: with SET_WANTED set to local or dev it makes .venv hold that set of requirements.
# On Debian as root it installs what the system lacks; elsewhere it says which line to run.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
export CALLER_PWD="$PWD"
cd "$ROOT"
SET=${SET_WANTED:?}
export UV_PYTHON_DOWNLOADS=never PYTHONDONTWRITEBYTECODE=${PYTHONDONTWRITEBYTECODE-} LC_ALL=C.UTF-8

say() { printf '%s\n' "$*" >&2; }

packages="python3 python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-hanazono"
[ "$SET" = dev ] && packages="$packages chromium poppler-utils git npm default-jre-headless"

# Root takes the system's Python: the account that services run under may not be able to use another
# one, such as one from a version manager in root's home.
works() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
PYTHON=python3
if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then PYTHON=/usr/bin/python3; fi

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        case "$package" in
            python3|python3-venv) works "$PYTHON" && continue ;;
            git|npm) command -v "$package" >/dev/null 2>&1 && continue ;;
            default-jre-headless) command -v java >/dev/null 2>&1 && continue ;;
        esac
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        if [ "$(id -u)" = 0 ]; then
            say "Installing system packages:$missing"
            export DEBIAN_FRONTEND=noninteractive
            apt-get update -qq >&2
            # shellcheck disable=SC2086
            apt-get install -y -qq --no-install-recommends $missing >/dev/null
        else
            say "These system packages are missing. Please run:"
            say "    sudo apt-get install -y --no-install-recommends$missing"
            exit 1
        fi
    fi
fi

# Services that root starts run under an account of their own (bin/launcher/paths.py).
if [ "$(id -u)" = 0 ] && ! id -u graduate-destinations >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
        graduate-destinations 2>/dev/null || say "The account graduate-destinations cannot be made: services run as nobody."
fi

works "$PYTHON" || PYTHON=python3
works "$PYTHON" || {
    say "Python 3.11 or newer with venv is needed as python3 (and pango for PDFs)."
    exit 1
}

LOCK="requirements-$SET.txt"
STAMP=".venv/.installed"
have=$(cat "$STAMP" 2>/dev/null || true)
want_local=$(cksum < requirements-local.txt)
want_dev=$(cksum < requirements-dev.txt)
# The dev set contains the local one, so it serves for both.
if [ "$have" != "dev $want_dev" ] && { [ "$SET" = dev ] || [ "$have" != "local $want_local" ]; }; then
    say "Installing Python packages ($LOCK)"
    [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv >&2
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$LOCK" >&2
    if [ "$SET" = dev ]; then echo "dev $want_dev" > "$STAMP"; else echo "local $want_local" > "$STAMP"; fi
fi
export PYTHONPATH="$ROOT/bin:$ROOT"
