#!/bin/bash
# With systemd (lab -s): makes a root file system on an IMSM volume (RAID1 on /dev/ubda and /dev/ubdb, which begin with a Debian's file
# system), with the package /lab/published/first.deb in it, and its initramfs, made by initramfs-tools or dracut (MAKER): /out/initramfs.
. "$LAB/guest-lib.sh"
DISKS=(/dev/ubda /dev/ubdb)
TARGET=/mnt

container imsm0 "${DISKS[@]}"
# A volume begins where its disks begin, so both already hold the file system.
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 1504M --assume-clean "${DISKS[@]}"
settle
volume vol1 1 2 8M imsm0 # with one volume the metadata takes one sector, and that cannot tear
recorded /dev/ubda - "MPB Sectors" 2 || fail "the metadata has $(examined /dev/ubda - "MPB Sectors") sectors; the tear is made for 2"
e2label "/dev/$(md vol0)" imsmroot
mount "/dev/$(md vol0)" $TARGET
for directory in dev proc sys "lib/modules/$(uname -r)"; do
    mkdir -p "$TARGET/$directory"
    mount --bind "/$directory" "$TARGET/$directory"
done
sh "$LAB/configure" $TARGET
mdadm --detail --scan >>$TARGET/etc/mdadm/mdadm.conf
echo "LABEL=imsmroot / ext4 errors=remount-ro 0 1" >>$TARGET/etc/fstab
cp /lab/published/first.deb $TARGET/root/
before=$(supervisor "$(container_of vol0)")
quietly chroot $TARGET dpkg -i /root/first.deb
[ "$(supervisor "$(container_of vol0)")" = "$before" ] || fail "installing it in a chroot took over the arrays outside"
say "installed in the chroot"

made_by_initramfs-tools() {
    # What the hooks ask for, and not every driver that there is.
    sed -i 's/^MODULES=.*/MODULES=list/' $TARGET/etc/initramfs-tools/initramfs.conf
    # Only in the lab does udev need to be told of serial numbers.
    cat >$TARGET/etc/initramfs-tools/hooks/lab <<'HOOK'
#!/bin/sh
[ "${1:-}" != prereqs ] || exit 0
mkdir -p "$DESTDIR/etc/udev/rules.d"
cp /etc/udev/rules.d/00-lab.rules "$DESTDIR/etc/udev/rules.d/"
HOOK
    chmod +x $TARGET/etc/initramfs-tools/hooks/lab
    echo CONFIG_RD_GZIP=y >"$TARGET/boot/config-$(uname -r)" # what mkinitramfs looks into a kernel's package for
    quietly chroot $TARGET mkinitramfs -o /root/initramfs "$(uname -r)"
    chroot $TARGET lsinitramfs /root/initramfs >/out/initramfs.list
    files="scripts/local-top/actorraid scripts/local-block/actorraid"
}
made_by_dracut() {
    # What the lab needs: the names of its disks as serial numbers.
    # Every other module is left out because starting processes takes long here.
    quietly chroot $TARGET dracut --force --no-hostonly --gzip --nostrip --kver "$(uname -r)" --kernel-cmdline rd.auto=1 --drivers "raid1" \
        --modules "base bash dracut-systemd fs-lib kernel-modules rootfs-block shutdown systemd systemd-initrd udev-rules actorraid" \
        --include /etc/systemd/system.conf.d/lab.conf /etc/systemd/system.conf.d/lab.conf \
        --include /etc/udev/rules.d/00-lab.rules /etc/udev/rules.d/00-lab.rules /root/initramfs
    chroot $TARGET lsinitrd /root/initramfs | awk '/^[-dl]/ { print $9 }' >/out/initramfs.list
    # At shutdown dracut goes back into what it finds there.
    cp $TARGET/root/initramfs $TARGET/boot/initrd.img-"$(uname -r)"
    files="[a-z]*/lib/dracut/hooks/initqueue/settled/10-repair-torn.sh" # usr, from dracut 104 on var
}
"made_by_${MAKER:-initramfs-tools}"
cp $TARGET/root/initramfs /out/initramfs
for file in usr/lib/actorraid/actorraid usr/lib/actorraid/repair-torn usr/sbin/mdmon $files; do
    grep -qx "$file" /out/initramfs.list || fail "no $file in the initramfs"
done
say "initramfs: $(stat -c %s /out/initramfs) bytes"
sync
umount -R $TARGET
rest vol0
rest vol1
stop_all
