#!/usr/bin/env bash
# Runs systemd as the first process of new namespaces, with one service: the unit as operators are given it.
# Nothing of it is left when the namespaces end. Needs these in the environment:
#   UNIT, CODE: the unit and the checkout's addon; PYTHON, VERSION: a Python's prefix and major.minor;
#   PACKAGES, MITMDUMP: its site-packages and the program; CONF: its mitm.conf; SECRETS: lines of NAME=value, a file each.
set -euo pipefail

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /opt
mkdir -p /run/etc /run/etc-work /run/units/"$(basename "$UNIT").d" /opt/runway-videos/addon /opt/python
mount --bind "$CODE" /opt/runway-videos/addon

# An environment with a Python that every user may read, as an operator has it.
mount --bind "$PYTHON" /opt/python
venv=/opt/runway-videos/.venv
mkdir -p "$venv/bin" "$venv/lib/python$VERSION/site-packages"
mount --bind "$PACKAGES" "$venv/lib/python$VERSION/site-packages"
ln -s "/opt/python/bin/python$VERSION" "$venv/bin/python"
printf 'home = /opt/python/bin\nversion = %s\n' "$VERSION" >"$venv/pyvenv.cfg"
sed "1s,.*,#!$venv/bin/python," "$MITMDUMP" >"$venv/bin/mitmdump"
chmod 755 "$venv/bin/mitmdump"

mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work /etc
mkdir -p /etc/runway-videos
printf '%s' "$CONF" >/etc/runway-videos/mitm.conf
umask 077
mkdir /etc/runway-videos/secrets
while IFS== read -r name value; do echo "$value" >/etc/runway-videos/secrets/"$name"; done <<<"$SECRETS"
umask 022
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
rm -rf /etc/systemd/system

# No unit of the machine but the targets that every service needs.
cp /lib/systemd/system/{sysinit,basic,shutdown,network,network-online,sockets,paths,timers,slices}.target \
    /lib/systemd/system/{local-fs,local-fs-pre,swap,umount,final}.target "$UNIT" /run/units
cat >/run/units/"$(basename "$UNIT").d"/here.conf <<EOF
[Service]
StandardOutput=append:/run/service.log
StandardError=append:/run/service.log
Environment=LD_LIBRARY_PATH=/opt/python/lib
EOF
mount --bind /run/units /lib/systemd/system
mount -t tmpfs -o mode=755 tmpfs /var/lib
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# As on a machine: what systemd mounts for a service (its credentials) reaches that service.
mount --make-rshared /
ip link set lo up
exec env -i PATH="$PATH" container=other /lib/systemd/systemd --system --unit="$(basename "$UNIT")" --show-status=no
