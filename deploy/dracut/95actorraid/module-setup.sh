#!/bin/bash
# dracut module. mdraid, which it depends on, copies what mdmon is, and that is ActorRaid; has systemd's mdmon@.service or the
# initqueue start it; and at shutdown, back in the initramfs, runs `mdmon --takeover --all` (pre-shutdown): the supervisor
# that ran from the root file system makes way for one that does not, so that root can be unmounted and its arrays stopped
# clean. What is added here is the repair of torn disks.

# called by dracut
check() {
    local type

    require_binaries mdadm /usr/lib/actorraid/actorraid || return 1
    [[ $hostonly ]] || return 0
    for type in "${host_fs_types[@]}"; do
        [[ $type == isw_raid_member || $type == ddf_raid_member ]] && return 0
    done
    return 255
}

# called by dracut
depends() {
    echo mdraid
    return 0
}

# called by dracut
install() {
    inst_multiple /usr/lib/actorraid/actorraid /usr/lib/actorraid/mdmon /usr/lib/actorraid/repair-torn
    # Loaded by its path, from beside the program: nothing else says that it is needed. It is no executable file, so dracut
    # does not look for what it needs in its turn.
    inst_library /usr/lib/actorraid/libMonoPosixHelper.so
    inst_libdir_file 'libz.so.1*' 'libm.so.6*' 'librt.so.1*' 'libdl.so.2*' 'libpthread.so.0*'
    inst_multiple /usr/sbin/actorraid mdmon udevadm
    # Containers with metadata of another format are handed on to mdadm's own.
    inst_multiple -o /etc/actorraid.json /sbin/mdmon.distrib
    # All disks are there and looked at by now; arrays that lack a disk are not started before the initqueue's timeout.
    inst_hook initqueue/settled 10 "$moddir/repair-torn.sh"
}
