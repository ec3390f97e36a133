# Sourced by the other scripts: which Debian packages what needs, and how they are installed.
# Usage: need_packages build [test] [lint] ...

packages_build=(g++ cmake ninja-build ccache pkg-config libboost1.81-dev libboost-json1.81-dev libboost-regex1.81-dev
    libssl-dev zlib1g-dev libnl-3-dev libnl-route-3-dev libspdlog-dev libcap-ng-dev libxxhash-dev
    catch2)
# What the demo runs: namespaces, a client, a certificate.
packages_demo=(python3 iproute2 util-linux curl openssl)
# The peers we are tested against and the clients that test us.
packages_test=(haproxy keepalived nftables varnish wrk tcpdump strace valgrind netcat-openbsd "${packages_demo[@]}")
packages_bench=(haproxy nginx-light wrk openssl python3 util-linux iproute2)
packages_micro=(libbenchmark-dev)
packages_profile=(linux-perf)
packages_lint=(clang-format-19 clang-tidy-19)
packages_fuzz=(clang-19 libclang-rt-19-dev)

# Debian starts a service when its package arrives. A test machine must not get a second web server or keeper that way.
without_service_start() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    "$@" || status=$?
    rm -f "$policy"
    return "$status"
}

# Installs the packages of the named groups that are missing; without root says which command would.
need_packages() {
    local group package missing=()
    for group in "$@"; do
        local -n list="packages_$group"
        for package in "${list[@]}"; do
            [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "These packages are missing; run as root:" >&2
        echo "    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "Installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    without_service_start apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
