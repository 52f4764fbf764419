# Sourced by every script: where tools and build output live, and the words the scripts speak with.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${TALLYGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tallygate}
# TALLYGATE_RUST=debian takes Debian's compiler even where rustup would do, apart from everything else.
TOOLS=$CACHE/tools${TALLYGATE_RUST:+-$TALLYGATE_RUST}
export ROOT CACHE TOOLS

# Versions of the tools that are installed here and not by Cargo.lock or package-lock.json.
CARGO_LEPTOS_VERSION=0.3.11
LITELLM_VERSION=1.102.4
AIOSMTPD_VERSION=1.4.6
# The oldest compiler that builds everything (cargo-leptos needs it).
RUST_MINIMUM=1.96

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
fail() { printf '\033[31merror:\033[0m %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command whose output only matters when it fails.
quietly() {
  local log; log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2; rm -f "$log"
    fail "'$*' failed; its last lines are above"
  fi
  rm -f "$log"
}

# A long command: a person sees how far it is, a log only what went wrong.
visibly() { if [ -t 1 ]; then "$@"; else quietly "$@"; fi; }

apt_install() {
  have apt-get || fail "missing: $*. Install them with your package manager and start again."
  local sudo=''
  [ "$(id -u)" = 0 ] || sudo=sudo
  [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 2>/dev/null | head -n 1)" ] || quietly $sudo apt-get update
  DEBIAN_FRONTEND=noninteractive quietly $sudo apt-get install -y --no-install-recommends "$@"
}

# A hash of what comes in, to tell whether something changed.
fingerprint() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c1-16; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until an address answers, as long as the process that should answer is alive.
wait_for_http() { # url, process id, seconds
  local n=0
  until curl -fsS -o /dev/null "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || return 1
    n=$((n + 1)); [ "$n" -lt "$(($3 * 10))" ] || return 1
    sleep 0.1
  done
}

# A clean clone in CI shares the build output of earlier runs; a developer keeps it in the checkout.
if [ -z "${CARGO_TARGET_DIR:-}" ]; then
  if [ -n "${CI:-}${TALLYGATE_RUST:-}" ]; then CARGO_TARGET_DIR=$CACHE/target${TALLYGATE_RUST:+-$TALLYGATE_RUST}; else CARGO_TARGET_DIR=$ROOT/target; fi
fi
export CARGO_TARGET_DIR
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
# Debian's Chromium is used; Playwright brings none.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

# What script/bootstrap found or made. Compilers are kept apart: one tool chain, one target folder.
if [ -f "$TOOLS/rust.env" ]; then . "$TOOLS/rust.env"; fi
PATH=$TOOLS/bin:$ROOT/end2end/node_modules/.bin:$PATH
export PATH
