#!/usr/bin/env python3
"""Prints deploy/bench's table from the guest's figures: table.py FIGURES [--json]."""
import collections
import json
import statistics
import sys

NAMES = {
    "rest": "first write to an array at rest, ms",
    "rest-old": "the same, physical sectors of 512 bytes",
    "acknowledged": "update sent to acknowledged, ms",
    "recorded": "update sent to on disk, ms",
    "unblocked": "faulty to the next write done, ms",
    "recovery": "faulty to recovery started, ms",
    "start": "start-up to ready, ms",
    "memory-1": "resident, 1 container, KiB",
    "memory-16": "resident, 16 containers, KiB",
}
# Without delay the machine's own noise is a factor of two from round to round: the best round's median says most.
GROUPS = {"rest": 5, "rest-old": 5, "acknowledged": 6, "recorded": 6}


def best_median(values, size):
    rounds = [values[first:first + size] for first in range(0, len(values), size)]
    return min(statistics.median(group) for group in rounds)


def main():
    figures = collections.defaultdict(list)
    with open(sys.argv[1]) as file:
        for line in file:
            who, what, disks, delay, value = line.split()
            figures[what, int(delay), int(disks), who].append(float(value))
    rows = []
    for what, delay, disks in sorted({key[:3] for key in figures}, key=lambda key: (list(NAMES).index(key[0]), key[1:])):
        row = {"what": what, "delay_ms": delay, "disks": disks}
        for who in ("mdmon", "actorraid", "mdmon-again"):
            values = figures.get((what, delay, disks, who))
            if values:
                row[who] = best_median(values, GROUPS.get(what, len(values)))
        row["ratio"] = row["actorraid"] / row["mdmon"]
        rows.append(row)
    if "--json" in sys.argv:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'':38} {'delay':>6} {'disks':>6} {'mdmon':>10} {'ActorRaid':>10} {'ratio':>6}   mdmon against itself")
    for row in rows:
        itself = f"{row['mdmon-again'] / row['mdmon']:.2f}" if "mdmon-again" in row else ""
        print(f"{NAMES[row['what']]:38} {row['delay_ms']:>6} {row['disks']:>6} {row['mdmon']:>10.2f} {row['actorraid']:>10.2f} {row['ratio']:>6.2f}   {itself}")
    for delay in sorted({row["delay_ms"] for row in rows if row["what"] == "rest"}):
        times = {row["disks"]: row["actorraid"] for row in rows if row["what"] == "rest" and row["delay_ms"] == delay}
        if 2 in times and 8 in times:
            print(f"from 2 to 8 disks at {delay} ms: x {times[8] / times[2]:.2f}")


main()
