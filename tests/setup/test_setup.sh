#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scripts/setup.sh and the machine's policy-rc.d, with an apt-get, dpkg-query, systemctl and id of our own and
# a folder in the place of /: whatever ends a run, afterwards (SIGKILL: after the next run) the policy is what
# it was, and a service that came with a package does not start at the next boot.
set -euo pipefail
setup=$(realpath "$(dirname "$0")/../../scripts/setup.sh")
dir=$(mktemp -d /tmp/synweir-setup-test.XXXXXX)
trap 'rm -rf "$dir"' EXIT
policy=$dir/usr/sbin/policy-rc.d
mkdir -p "$dir"/{bin,run,usr/sbin}
export PATH=$dir/bin:$PATH SYNWEIR_SETUP_ROOT=$dir
failed=0

tool() {
	{ echo '#!/bin/bash' && cat; } >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}
tool id <<<'echo 0'
tool dpkg-query <<<"[ ! -e '$dir/installed' ] || echo installed"
tool systemctl <<<"echo \"\$*\" >>'$dir/systemctl'"
# Waits in the middle of an installation while there is a file "wait", and says by "waits" that it does.
tool apt-get <<-END
	case " \$* " in *" install "*) ;; *) exit 0 ;; esac
	cp '$policy' '$dir/seen'
	touch '$dir/installed'
	if [ -e '$dir/wait' ]; then
		touch '$dir/waits'
		while [ -e '$dir/wait' ]; do sleep 0.05; done
	fi
END

claim() { # WHAT COMMAND...
	local what=$1
	shift
	if ! "$@" >/dev/null; then
		echo "FAILED: $what"
		failed=1
	fi
}

# run GROUP...: a whole run. start: one that waits in apt; pid is its process.
run() {
	rm -f "$dir"/{installed,wait,waits,seen,systemctl}
	"$setup" "$@" >/dev/null
}
start() {
	rm -f "$dir"/{installed,waits,seen,systemctl}
	touch "$dir/wait"
	"$setup" "$@" >/dev/null 2>&1 &
	pid=$!
	for _ in {1..200}; do
		[ ! -e "$dir/waits" ] || return 0
		sleep 0.05
	done
	echo "FAILED: apt-get was not called"
	exit 1
}
end_apt() {
	rm -f "$dir/wait"
	wait "$pid" 2>/dev/null || true
}
# The policy is what it was before: the text $1, or none.
# shellcheck disable=SC2317 # claim calls it
policy_is() {
	if [ -z "$1" ]; then [ ! -e "$policy" ]; else [ "$(cat "$policy")" = "$1" ]; fi && [ ! -e "$policy.synweir-saved" ]
}

for before in '' '#!/bin/sh
exit 104'; do
	rm -f "$policy"
	[ -z "$before" ] || echo "$before" >"$policy"
	run lab
	claim "nothing may start while apt runs" grep -qx 'exit 101' "$dir/seen"
	claim "a run restores the policy (${before:-none})" policy_is "$before"
	claim "nginx is disabled" grep -q 'disable nginx.service' "$dir/systemctl"

	start lab
	kill -TERM "$pid"
	claim "SIGTERM: nothing may start while apt still runs" grep -qx 'exit 101' "$policy"
	end_apt
	claim "SIGTERM: the policy is restored (${before:-none})" policy_is "$before"

	start lab
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	claim "SIGKILL: apt still runs" grep -qx 'exit 101' "$policy"
	"$setup" build
	claim "a run beside the apt of a killed one leaves the policy alone" grep -qx 'exit 101' "$policy"
	rm "$dir/wait"
	for _ in {1..200}; do
		! flock -n "$dir/run/synweir-setup.lock" true || break
		sleep 0.05
	done
	claim "apt of the killed run has ended" flock -n "$dir/run/synweir-setup.lock" true
	"$setup" build
	claim "SIGKILL: the next run restores the policy (${before:-none})" policy_is "$before"
	claim "SIGKILL: the next run disables nginx" grep -q 'disable nginx.service' "$dir/systemctl"

	start lab
	kill -KILL "$pid"
	end_apt
	run e2e
	claim "SIGKILL: a next run that installs restores the policy (${before:-none})" policy_is "$before"
done
[ $failed = 0 ] && echo "setup.sh leaves the policy as it was"
exit $failed
