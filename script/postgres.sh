# Sourced by script/test and script/bench: a PostgreSQL of our own, reached over the loopback address, in a temporary folder that is gone
# afterwards, or in one that is kept.

postgres_bin() {
  local found
  for found in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin; do [ -x "$found/initdb" ] && echo "$found" && return; done
  dirname "$(command -v initdb)"
}

# Sets POSTGRES_PID, POSTGRES_DIR and TALLYGATE_TEST_POSTGRES_URL, whose user may create databases. The folder to keep is optional.
start_postgres() {
  local bin port as='' kept=${1:-}
  bin=$(postgres_bin)
  POSTGRES_DIR=$(mktemp -d)
  # PostgreSQL refuses to run as root; Debian's package brings a user for it.
  if [ "$(id -u)" = 0 ]; then
    chown postgres: "$POSTGRES_DIR"
    as='setpriv --reuid=postgres --regid=postgres --clear-groups'
  fi
  local data=$POSTGRES_DIR/data
  if [ -n "$kept" ]; then
    data=$kept
    mkdir -p "$kept"
    [ -z "$as" ] || chown postgres: "$kept"
  fi
  if [ ! -f "$data/PG_VERSION" ]; then
    (cd / && quietly $as "$bin/initdb" -D "$data" -U tallygate --auth=trust --encoding=UTF8 --locale=C --no-sync)
  fi
  port=$(free_port)
  # What a crash of the machine could cost does not matter here.
  (cd / && exec $as "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c port="$port" \
    -c unix_socket_directories="$POSTGRES_DIR" -c max_connections=400 -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off ${POSTGRES_OPTIONS:-}) > "$POSTGRES_DIR.log" 2>&1 &
  POSTGRES_PID=$!
  local n=0
  until (cd / && "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"); do
    kill -0 "$POSTGRES_PID" 2>/dev/null && [ $((n += 1)) -lt 300 ] || { tail -n 20 "$POSTGRES_DIR.log" >&2; fail "PostgreSQL did not start"; }
    sleep 0.1
  done
  if [ -z "$kept" ] || ! (cd / && "$bin/psql" -h 127.0.0.1 -p "$port" -U tallygate -qc '' tallygate 2>/dev/null); then
    (cd / && "$bin/createdb" -h 127.0.0.1 -p "$port" -U tallygate tallygate)
  fi
  export TALLYGATE_TEST_POSTGRES_URL=postgres://tallygate@127.0.0.1:$port/tallygate
  note "PostgreSQL $("$bin/postgres" --version | cut -d' ' -f3) on port $port"
}

stop_postgres() {
  [ -n "${POSTGRES_PID:-}" ] || return 0
  # SIGINT: a fast shutdown, open connections are closed.
  kill -INT "$POSTGRES_PID" 2>/dev/null || true
  wait "$POSTGRES_PID" 2>/dev/null || true
  rm -rf "$POSTGRES_DIR" "$POSTGRES_DIR.log"
  POSTGRES_PID=
}
