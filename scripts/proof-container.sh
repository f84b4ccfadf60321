#!/usr/bin/env bash
# Builds docs/deploy/Containerfile as it stands, runs the image, and checks what docs/deploy.md says of it. For Debian as root, after
# `npm ci`. Where images cannot be downloaded it makes its own base image: Debian 12, Node and npm, from the registries that apt and
# npm are configured for. Everything else happens in namespaces of its own, without a network: they end with this script, and with
# them all that it started.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive PATH=$PATH:/usr/sbin:/sbin

cgroup=halyard-proof-$$
registry=127.0.0.1:4873
base=$(awk '$1 == "FROM" { print $2; exit }' docs/deploy/Containerfile) # node:20-slim

pass() {
  echo "pass: $*"
}

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

expect() {
  local what=$1 expected=$2 got=$3
  [ "$got" = "$expected" ] || fail "$what: expected '$expected', got '$got'"
  pass "$what: ${got:-nothing}"
}

install_programs() {
  local missing=()
  command -v podman >/dev/null || missing+=(podman)
  command -v runc >/dev/null || missing+=(runc) # crun refuses where version 1 and 2 of control groups are mixed
  [ -x /usr/lib/cni/bridge ] || missing+=(containernetworking-plugins)
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v ip >/dev/null || missing+=(iproute2)
  if ((${#missing[@]} == 0)); then return; fi
  echo "installing ${missing[*]}"
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Where apt takes Debian 12 from; nothing before it has read its sources for the first time.
uri_of_debian() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Codename: bookworm' | sed -n 1p
}

# What the official image has, as far as a Containerfile can tell: the programs, the user and the entry point.
make_base() {
  local root=$work/root uri arch major
  uri=$(uri_of_debian)
  if [ -z "$uri" ]; then
    apt-get update -qq
    uri=$(uri_of_debian)
  fi
  [ -n "$uri" ] || fail "apt has no sources of Debian 12"
  mmdebstrap --quiet --mode=root --variant=minbase bookworm "$root" "$uri"
  arch=$(dpkg --print-architecture)
  major=${base//[^0-9]/}
  npm pack --silent --pack-destination "$work" "node-linux-${arch/amd64/x64}@$major" npm@10 >/dev/null
  mkdir -p "$root/usr/local/lib/node_modules/npm"
  tar -xzf "$work"/node-linux-*.tgz -C "$root/usr/local/bin" --strip-components=2 package/bin/node
  tar -xzf "$work"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  chmod +x "$root/usr/local/bin/node" "$root/usr/local/lib/node_modules/npm/bin/npm-cli.js"
  chroot "$root" groupadd --gid 1000 node
  chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node
  cat >"$root/usr/local/bin/docker-entrypoint.sh" <<'END'
#!/bin/sh
set -e
if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null; then set -- node "$@"; fi
exec "$@"
END
  chmod +x "$root/usr/local/bin/docker-entrypoint.sh"
}

# A reader's folder: the server of docs/deploy.md, and halyard as if it came from the registry. @types/node is for development only.
make_context() {
  mkdir "$work/context" "$work/packages"
  npm pack --silent --pack-destination "$work/packages" >/dev/null
  node --input-type=module - "$work" <<'END'
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import ts from "typescript";

const [work] = process.argv.slice(2);
const context = `${work}/context`;
const npm = (...args) => execFileSync("npm", args, { cwd: context, encoding: "utf8" });
const write = (name, value) => writeFileSync(`${context}/${name}`, `${JSON.stringify(value, null, 2)}\n`);

const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
const { outputText } = ts.transpileModule(readFileSync("examples/deploy/server.ts", "utf8"), { compilerOptions });
writeFileSync(`${context}/server.js`, outputText);

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const [halyard] = readdirSync(`${work}/packages`);
const devDependencies = { "@types/node": "20" };
write("package.json", { type: "module", dependencies: { halyard: `file:../packages/${halyard}` }, devDependencies });
npm("install", "--package-lock-only", "--ignore-scripts", "--silent");

// Every package is fetched now, and comes from the registry of start_registry then.
const lock = JSON.parse(readFileSync(`${context}/package-lock.json`, "utf8"));
const { "": reader, ...entries } = lock.packages;
const specifiers = [];
const fetched = new Map([["node_modules/halyard", halyard]]);
for (const [path, { version: fetchedVersion }] of Object.entries(entries)) {
  if (fetched.has(path)) continue;
  const name = path.split("node_modules/").at(-1);
  fetched.set(path, `${name.replace("@", "").replace("/", "-")}-${fetchedVersion}.tgz`);
  specifiers.push(`${name}@${fetchedVersion}`);
}
npm("pack", "--silent", "--pack-destination", `${work}/packages`, ...specifiers);
for (const [path, entry] of Object.entries(entries)) entry.resolved = `http://${process.env.registry}/${fetched.get(path)}`;
reader.dependencies.halyard = version;
write("package-lock.json", lock);
write("package.json", { type: "module", dependencies: { halyard: version }, devDependencies });
END
}

# Podman with all of its state in the folder that goes.
configure_podman() {
  local nproc
  nproc=$(ulimit -Hu)
  cat >"$work/containers.conf" <<END
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=${nproc/unlimited/-1}:${nproc/unlimited/-1}"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
[network]
network_backend = "cni"
cni_plugin_dirs = ["/usr/lib/cni"]
network_config_dir = "$work/networks"
END
  export CONTAINERS_CONF=$work/containers.conf TMPDIR=$work/tmp
  mkdir "$work/networks" "$work/tmp" "$work/run"
  mkdir -p /var/lib/cni /var/lib/containers
  local folder
  for folder in /run /var/lib/cni /var/lib/containers; do mount -t tmpfs tmpfs "$folder"; done
  driver=overlay
  engine info >/dev/null 2>&1 || driver=vfs # for a file system that overlay does not take
}

engine() {
  command podman --log-level fatal --root "$work/$driver" --runroot "$work/run" --storage-driver "$driver" "$@"
}

# A registry that has the tarballs of the lock file, and nothing else.
start_registry() {
  node --input-type=module - "$work/packages" "$registry" <<'END' &
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename } from "node:path";

const [folder, address] = process.argv.slice(2);
const [host, port] = address.split(":");
const server = createServer((request, response) => {
  readFile(`${folder}/${basename(request.url)}`).then(
    (body) => response.end(body),
    () => response.writeHead(404).end(),
  );
});
server.listen(Number(port), host);
END
}

build_image() {
  tar -C "$work/root" -c . | engine import --quiet --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["node"]' \
    - "docker.io/library/$base" >/dev/null
  echo "registry=http://$registry/" >"$work/npmrc"
  engine build --quiet --pull=never --format docker --network host --volume "$work/npmrc:/usr/local/etc/npmrc:ro" \
    -f docs/deploy/Containerfile -t server "$work/context" >/dev/null
  pass "the Containerfile builds, of $base with Node $(chroot "$work/root" node -v)"
}

# Of every layer, those beneath included.
check_layers() {
  engine save --quiet --format docker-archive -o "$work/server.tar" server
  mkdir "$work/layers"
  tar -xf "$work/server.tar" -C "$work/layers"
  local layer
  for layer in "$work"/layers/*.tar; do tar -tf "$layer"; done >"$work/files"
  local expected got
  expected=$(node -p 'Object.entries(JSON.parse(fs.readFileSync(process.argv[1])).packages).filter(([path, { dev }]) => path !== "" && !dev)
    .map(([path]) => path).sort().join(" ")' "$work/context/package-lock.json")
  got=$(sed -nE 's#^app/(.*node_modules/(@[^/]+/)?[^/@.][^/]*)/package\.json$#\1#p' "$work/files" | LC_ALL=C sort -u | paste -sd ' ')
  [ "$got" = "$expected" ] || fail "the layers have $got, and not $expected"
  ! grep -E "/@types/.|^root/\\.npm/." "$work/files" || fail "a layer has what is for development, or npm's cache"
  pass "the layers have the $(wc -w <<<"$got") packages of production alone"
}

check_process() {
  local pid
  pid=$(engine inspect --format '{{.State.Pid}}' server)
  expect "the first process" "node server.js" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
  expect "its user" 1000 "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")"
  ! engine exec server touch /app/file 2>/dev/null || fail "it can write to /app"
  expect "what it may write of /app" "" "$(engine exec server find /app -writable ! -type l)"
}

# A connection echoes, still does when /readyz says 503, and then is closed with 1001.
start_client() {
  node --input-type=module - >"$work/client" <<'END' &
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import WebSocket from "ws";

const socket = new WebSocket("ws://127.0.0.1:8080/echo");
const closed = once(socket, "close");
await once(socket, "open");
await echo("before");
while ((await fetch("http://127.0.0.1:8080/readyz")).status !== 503) await setTimeout(50);
await echo("while it drains");
const [code, reason] = await closed;
console.log(`closed ${code} ${reason}`);

async function echo(text) {
  socket.send(text);
  const [message] = await once(socket, "message");
  console.log(`echoed ${message}`);
}
END
  client=$!
}

wait_for() {
  local attempt
  for ((attempt = 0; attempt < 100; attempt++)); do
    if "${@:2}" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "$1 did not come"
}

check_server() {
  engine network create published >/dev/null
  # The interval of health checks takes systemd; here one is run by hand.
  engine run --quiet --detach --name server --cgroup-parent "/$cgroup" --network published --publish 127.0.0.1:8080:8080 \
    --env DRAIN_DELAY_MS=1500 --health-interval disable server >/dev/null
  wait_for "/readyz from outside" node -e 'fetch("http://127.0.0.1:8080/readyz").then(({ ok }) => process.exit(ok ? 0 : 1))'
  check_process
  engine healthcheck run server || fail "HEALTHCHECK: $?"
  pass "HEALTHCHECK of the image's config exits with 0"
  start_client
  wait_for "the echo" grep -q echoed "$work/client"
  engine stop --time 30 server >/dev/null
  wait "$client" || fail "the client exits with $?"
  expect "a WebSocket from outside" "echoed before, echoed while it drains, closed 1001 new version" "$(paste -sd , "$work/client" | sed 's/,/, /g')"
  expect "exit code after SIGTERM" 0 "$(engine inspect --format '{{.State.ExitCode}}' server)"
  expect "its last line" "1 closed, 0 terminated" "$(engine logs server 2>&1 | tail -n 1)"
}

# As docs/deploy/kubernetes.yaml has it.
check_restricted() {
  engine run --quiet --detach --name restricted --cgroup-parent "/$cgroup" --network none --health-interval disable \
    --read-only --read-only-tmpfs=false --user 1000 --cap-drop ALL --security-opt no-new-privileges server >/dev/null
  wait_for "health without rights" engine healthcheck run restricted
  pass "it is healthy with a file system to read only, and without capabilities"
  engine stop --time 30 restricted >/dev/null
  expect "exit code after SIGTERM" 0 "$(engine inspect --format '{{.State.ExitCode}}' restricted)"
}

# The death of unshare kills all that is inside, and then the control groups are free to go.
finish() {
  local status=$? attempt
  if [ -n "$inside" ]; then kill -KILL "$inside" 2>/dev/null || true; fi
  for ((attempt = 0; attempt < 50; attempt++)); do
    if [ -z "$(find /sys/fs/cgroup -type d -name "$cgroup" -print -quit)" ]; then break; fi
    find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
  rm -rf "$work"
  exit "$status"
}

if [ "${1-}" = --inside ]; then
  work=$2
  cgroup=$3
  ip link set lo up
  configure_podman
  start_registry
  build_image
  check_layers
  check_server
  check_restricted
  exit
fi

[ "$(id -u)" -eq 0 ] || fail "it takes root"
work=$(mktemp -d)
inside=
trap finish EXIT
export registry
install_programs
make_base
make_context
unshare --net --mount --pid --fork --kill-child --mount-proc bash "scripts/${0##*/}" --inside "$work" "$cgroup" &
inside=$!
wait "$inside"
inside=
echo "all of it holds"
