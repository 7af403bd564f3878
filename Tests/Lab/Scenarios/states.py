"""states.py NAME [WHAT=NAME]...: whether what is said of the state that there is now is what states.table has of that one. WHAT=NAME says what the
table's names in braces are called here; hooks=LINES and events=SEQUENCE say after which of these the state was made. Where a daemon runs it is asked over
its socket, as processes cost time in the guest, and by `actorraid status` as people do. /out/state.events has the latest event's number then."""
import json, os, re, socket, subprocess, sys, time, urllib.request

GATEWAY = "http://127.0.0.1:9747"
LIMIT = float(os.environ.get("STATE_LIMIT", "15"))


def rows():
    found, row = {}, None
    with open("states.table") as table:
        for line in table:
            line = line.rstrip("\n")
            if line.startswith("["):
                row = found[line[1:-1]] = []
            elif line and not line.startswith("#"):
                output, _, text = line.partition(" ")
                row.append((output, text))
    return found


def pattern(wanted):
    """As StateRow.Pattern of the unit tests has it."""
    def token(match):
        name, either = match.groups()
        if either is not None:
            return f"({either})"
        if name == "number":
            return "[0-9.]+"
        if name == "time":
            return "[0-9]+ (s|min|h|d)( [0-9]+ (min|h))?"
        if name == "since":
            return "(, for [0-9a-z ]+ as far as this daemon knows)?"
        return re.escape(names[name]) if name in names else r"\S+?"
    out, at = "", 0
    for match in re.finditer(r"\{([a-z]+)\}|<([^<>]*)>", wanted):
        out += re.escape(wanted[at:match.start()]) + token(match)
        at = match.end()
    return out + re.escape(wanted[at:])


def fits(wanted, said):
    return re.fullmatch(pattern(wanted), said, re.DOTALL) is not None


def same(wanted, said):
    """Each line as it is wanted, in order; those that need not be there are passed over. Returns what is wrong."""
    at = 0
    for line in wanted:
        optional = line.startswith("? ")
        if at < len(said) and fits(line[2:] if optional else line, said[at]):
            at += 1
        elif not optional:
            return f"wanted: {line}\n  told: {said[at] if at < len(said) else '(no more)'}"
    return None if at == len(said) else f"told besides: {said[at]}"


def run(*command):
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if "nobody" in lines("as") else []
    done = subprocess.run([*user, "actorraid", *command], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout, done.stderr


def json_lines(status):
    """As StateJson of the unit tests has it."""
    def array(one):
        return (f"{one['name']} {one['health']}, {one['state'] or '?'}, {one['action']}, {one['missing']} of {one['raidDisks']} missing"
                + "".join(f", {condition}" for condition in one.get("conditions", [])))
    yield f"health {status['health']}"
    for container in status["containers"]:
        yield container["name"] + " " + container["health"] + (f", waits: {container['waitsHealth']}" if "waitsHealth" in container else "")
        yield from map(array, container["arrays"])
        for disk in container["disks"]:
            odd = "".join(text for is_so, text in ((disk["hangs"], ", hangs"), ("unreadable" in disk, ", unreadable"), (disk["unwritten"], ", unwritten")) if is_so)
            if odd or disk["role"] not in ("member", "spare"):
                yield f"{disk['name']} {disk['role']}{odd}"
    yield from map(array, status.get("nativeArrays", []))


def lines(output):
    return [text for name, text in row if name == output]


def got(path):
    try:
        with urllib.request.urlopen(GATEWAY + path, timeout=5) as answer:
            return answer.read().decode()
    except OSError as e:
        return f"({e})"


def ask(what, about=None, **more):
    """What a daemon answers; None: none runs."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        try:
            client.connect("/run/actorraid/control.sock")
        except OSError:
            return None
        client.sendall(json.dumps({"version": 1, "ask": what, "about": about, **more}).encode() + b"\n")
        with client.makefile() as answer:
            return json.loads(answer.readline())


def exit_status(health):
    return {"ok": 0, "rebuilding": 1, "degraded": 1, "unknown": 3}.get(health, 2)


def told(about=None):
    """Exit status and first line, JSON."""
    if answer := ask("status", about):
        status = answer.get("status") or {"health": "unknown", "summary": str(answer)}
        return f"{exit_status(status['health'])} {status['summary']}", status
    code, said, _ = run("status", "--json", *([about] if about else []))
    status = json.loads(said) if said else {"health": "unknown", "summary": "(nothing)"}
    return f"{code} {status['summary']}", status


def explained(about):
    if answer := ask("explain", about):
        return answer.get("explanation", [str(answer)])
    code, said, errors = run("explain", about)
    return said.splitlines() if code == 0 else [f"status {code}: {errors}"]


def what_is_wrong():
    """The first output that is not as in the table; None: all are."""
    about = [names[one] for one in lines("about")]
    if lines("unit"):
        (wanted,) = lines("status")
        status, said, errors = run("status")
        return None if f"{status} " == wanted[:2] and wanted[2:] in errors + said else f"wanted: {wanted}\n  told: {status} {said}{errors}"
    headline, status = told()
    for wanted in lines("status"):
        if not fits(wanted, headline):
            return f"status\nwanted: {wanted}\n  told: {headline}"
    if wrong := same(lines("json"), list(json_lines(status))):
        return f"status --json\n{wrong}"
    for wanted in lines("named"):
        if not fits(wanted, (said := told(about[0]))[0]):
            return f"status {about[0]}\nwanted: {wanted}\n  told: {said[0]}"
    if about and (wrong := same(lines("explain"), [line for line in explained(about[0]) if not line.startswith("What has led here: ")])):
        return f"explain {about[0]}\n{wrong}"
    has_daemon = status["process"] > 0
    if has_daemon and "gateway" in names:
        samples = got("/metrics").splitlines()
        for wanted in lines("metrics"):
            if not any(fits(wanted, sample) for sample in samples):
                return f"/metrics\nwanted: {wanted}\n  told: {[sample for sample in samples if sample.startswith(wanted.split('{')[0])]}"
        if wrong := same(lines("json"), list(json_lines(json.loads(got("/v1/status"))))):
            return f"/v1/status, which the page is drawn from\n{wrong}"
    if has_daemon and "hooks" in names:
        with open("/out/hooks") as file:
            ran = [line.split(" ")[0] for line in file.read().splitlines()[int(names["hooks"]):]]
        for wanted in " ".join(lines("hooks")).split():
            if wanted not in ran:
                return f"hooks: {wanted} was not run, but: {ran}"
    if has_daemon and "events" in names:
        kinds = {e["kind"] for e in ask("events")["events"] if e["sequence"] > int(names["events"])}
        for wanted in " ".join(lines("events")).split():
            if wanted not in kinds:
                return f"events: {wanted} is not there, but: {sorted(kinds)}"
    return None


def show():
    """For whoever writes a row: what every output says now."""
    headline, status = told()
    print("status", headline)
    for about in lines("about"):
        print("named", told(names[about])[0])
    for line in json_lines(status):
        print("json", line)
    for about in lines("about"):
        for line in explained(names[about]):
            print("explain", line)
    happened = ask("events") or {}
    print("events", *[e["kind"] for e in happened.get("events", []) if e["sequence"] > int(names.get("events", 0))])


names = dict(pair.split("=", 1) for pair in sys.argv[2:])
row = rows()[sys.argv[1]]
began = time.monotonic()
while wrong := what_is_wrong():
    if time.monotonic() - began > LIMIT:
        if os.environ.get("GO_ON"):
            show()
        sys.exit(f"{sys.argv[1]}: {wrong}")
    time.sleep(0.1)
if not lines("unit"):
    code, said, errors = run("status")
    first = said.split("\n")[0]
    if not fits(lines("status")[0], f"{code} {first}"):
        sys.exit(f"{sys.argv[1]}: actorraid status\nwanted: {lines('status')[0]}\n  told: {code} {first} {errors}")
    print(f"{sys.argv[1]}: {code} {first}")
else:
    print(f"{sys.argv[1]}: {lines('status')[0]}")
with open("/out/state.events", "w") as file:
    happened = None if lines("unit") else ask("events")
    file.write(str(happened["events"][-1]["sequence"]) if happened and happened.get("events") else "0")
