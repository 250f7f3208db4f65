#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# proxy_protocol: servers learn the client's address from a header before its first byte (HC-80), with GRO on.
#
#   curl on client --> VIP:8001 --> nginx on b1, "listen ... proxy_protocol", version 2 with a unique id
#   curl on client --> VIP:8002 --> HAProxy on b1, "accept-proxy", version 1
#   client ---------> VIP:2626 --> HAProxy on b1, "accept-proxy", version 2, before a server that speaks first
#
# variants: fullnat-1 fullnat-3-v6-flood fullnat-1-v6v4 nat-1-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

LAB_SERVICES+="
header2 8001 10.0.0.11:8001
header1 8002 10.0.0.11:8002
header-banner 2626 10.0.0.11:2626
"
# shellcheck disable=SC2034 # lab.sh reads them
LAB_SERVICE_KEYS=(
	[header2]='proxy_protocol = "v2"; proxy_unique_id = true;'
	[header1]='proxy_protocol = "v1";'
	[header-banner]='proxy_protocol = "v2";'
)

nginx_up() {
	local dir=$LAB_DIR/header-nginx
	mkdir "$dir"
	cat >"$dir/nginx.conf" <<-END
		user root;
		worker_processes 1;
		daemon off;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $dir/body;
			client_max_body_size 100m;
			proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi;
			scgi_temp_path $dir/scgi;
			server {
				listen [::]:8001 ipv6only=off proxy_protocol;
				root $LAB_DIR/www;
				location = / { return 200 "\$proxy_protocol_addr \$proxy_protocol_port \$proxy_protocol_server_port\n"; }
			}
		}
	END
	lab_spawn b1 "$dir/out" nginx -e "$dir/nginx.log" -c "$dir/nginx.conf"
	lab_wait $LAB_WAIT lab_listens b1 8001 || lab_die "nginx: $(cat "$dir"/{out,nginx.log})"
}

haproxy_up() {
	local dir=$LAB_DIR/header-haproxy
	mkdir "$dir"
	cat >"$dir/haproxy.cfg" <<-END
		defaults
			timeout connect 5s
			timeout client 60s
			timeout server 60s
		frontend page
			mode http
			bind :::8002 v4v6 accept-proxy
			http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port]\n"
		listen banner
			mode tcp
			bind :::2626 v4v6 accept-proxy
			server banner $(lab_addr_of_b1):2525
	END
	lab_spawn b1 "$dir/out" haproxy -db -f "$dir/haproxy.cfg"
	lab_wait $LAB_WAIT lab_listens b1 2626 || lab_die "haproxy: $(cat "$dir/out")"
}

# HAProxy's own connections are at the backends, too.
real_connections() {
	local host n=0
	for host in client switch b1; do
		n=$((n + $(lab_mib "$host" TcpActiveOpens)))
	done
	echo $n
}

lab_addr_of_b1() {
	if [ "${LAB_FAMILY: -1}" = 4 ]; then echo 10.0.0.11; else echo "[2001:db8:b::11]"; fi
}

# told PORT LOCAL-PORT: what the server behind the VIP's port says that it was told of the client.
told() {
	on client curl -sf -m 20 --local-port "$2" "$LAB_URL:$1/"
}

my_address() {
	on client ip -o route get "$LAB_VIP" | sed -E 's/.* src ([^ ]+).*/\1/'
}

some_megabytes() {
	/usr/bin/python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(3).randbytes(20 << 20))'
}

e2e_up "$@"
nginx_up
haproxy_up
on b1 ethtool -K eth0 gro on
some_megabytes >"$LAB_DIR/www/large"

check "nginx is told, version 2" same "$(told 8001 40001)" "$(my_address) 40001 8001"
check "HAProxy is told, version 1" same "$(told 8002 40002)" "$(my_address) 40002 8002"
check "a large file" same "$(on client curl -sf "$LAB_URL:8001/large" | sum_of)" "$(sum_of "$LAB_DIR/www/large")"
check "a request that fills segments from the first byte on" same \
	"$(on client curl -sf -H "X: $(head -c 6000 /dev/zero | tr '\0' x)" "$LAB_URL:8001/large" | sum_of)" \
	"$(sum_of "$LAB_DIR/www/large")"
check "200 connections" on client sh -c "for i in \$(seq 200); do curl -sf -m 20 '$LAB_URL:8001/' || exit 1; done >/dev/null"
check "a server that speaks first" client_py echo "$LAB_VIP" 2626 --banner --count 20
e2e_end
