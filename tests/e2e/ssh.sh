#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ssh: a real login, with a key, through synweir; the server speaks first (HC-05).
#
#   ssh on client --> VIP:22 --> sshd on b1 (own keys and configuration, own /run and /etc/shadow)
#
# variants: fullnat-1-tap nat-3-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# sshd wants /run/sshd and an account that is not locked. Both are arranged in its own mount namespace
# (that of "ip netns exec"), so the machine's files stay as they are.
sshd_up() {
	local dir=$LAB_DIR/ssh
	mkdir "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
	sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$dir/shadow"
	chmod 600 "$dir/shadow"
	cat >"$dir/config" <<-END
		Port 22
		HostKey $dir/host
		AuthorizedKeysFile $dir/user.pub
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		StrictModes no
		UsePAM no
		UseDNS no
		PidFile $dir/pid
	END
	# shellcheck disable=SC2016 # for the inner shell
	lab_spawn b1 "$dir/log" sh -c 'mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&
		mount --bind "$1/shadow" /etc/shadow && exec /usr/sbin/sshd -D -e -f "$1/config"' sh "$dir"
	lab_wait $LAB_WAIT lab_listens b1 22 || lab_die "sshd: $(cat "$dir/log")"
}

login() {
	on client ssh -F none -i "$LAB_DIR/ssh/user" -o BatchMode=yes -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$LAB_VIP" "$@"
}

# What the server's own environment says about where it is.
where() {
	# shellcheck disable=SC2016 # for the shell on b1
	login 'echo "$SSH_CONNECTION"' | cut -d ' ' -f 3,4
}

some_megabytes() {
	/usr/bin/python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(2).randbytes(5 << 20))'
}

e2e_up "$@"
sshd_up
check "a command on b1" same "$(where)" "10.0.0.11 22"
check "megabytes through the shell" same "$(some_megabytes | login sha256sum)" "$(some_megabytes | sha256sum)"
e2e_end
