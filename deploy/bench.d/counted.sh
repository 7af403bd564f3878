#!/bin/bash
# The guest's part of deploy/bench --counted: what writers wait for at four disks without delay, and a start.
. ./lib.sh
ram_disks 5
set -- /dev/ram{0..4}
writes rest 4 5 0 "$@"
failures 0 "$@"
starts "$@"
say "THE END"
